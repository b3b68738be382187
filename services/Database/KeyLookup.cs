namespace Webhooks.Database;

/// <summary>
/// The SQL that finds rows of the tables of days by keys at hand, one by one, each by its index. Left alone, the planner takes the
/// range of the keys for the shorter way while a day's table is small or was not analyzed, and keeps to it while that grows: it then
/// reads all rows in the range, and compares each of them with each of the keys.
/// </summary>
public static class KeyLookup
{
    /// <summary>
    /// The keys, as a table expression to stand behind FROM. Whoever plans expects ten rows of arrays that it does not know, and a tenth
    /// of what comes before a limit that it does not know: one, for which nothing is shorter than its index. The limit leaves none out.
    /// </summary>
    /// <param name="arrays">Such as <c>unnest($1::timestamptz[], $2::uuid[])</c>; the first has to be <c>$1</c>.</param>
    public static string Keys(string arrays) => $"(SELECT * FROM {arrays} LIMIT cardinality($1))";

    /// <summary>
    /// A condition that leaves out the tables of other days before the plan starts. Said twice, the end of the range is no condition
    /// for an index, and does not make the range look narrow: <c>BETWEEN</c> counts as half a percent of a table, whatever there is in it.
    /// </summary>
    /// <param name="moment">A table's <c>created_at</c>.</param>
    /// <param name="first">The first key's, a parameter.</param>
    /// <param name="last">The last key's, a parameter.</param>
    public static string Within(string moment, string first, string last) =>
        $"{moment} >= {first} AND ({moment} <= {last} OR {moment} < {last})";
}
