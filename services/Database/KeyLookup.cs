namespace Webhooks.Database;

/// <summary>
/// The SQL that finds rows by keys at hand, one by one, each by its index, in a session of <c>onlyKeyLookups</c> (generic plans). Left
/// alone, the planner takes all rows, or those in the keys' range of time, for the shorter way while a table is small or was not analyzed, and
/// keeps to it while that grows: each row is then compared with each of the keys (decision 0029).
/// </summary>
public static class KeyLookup
{
    /// <summary>
    /// The keys, as a table expression to stand behind FROM. The planner expects ten rows of arrays that it does not know, and a tenth
    /// of what comes before a limit that it does not know: one, for which nothing is shorter than its index. The limit leaves none out.
    /// </summary>
    /// <param name="arrays">Such as <c>unnest($1::timestamptz[], $2::uuid[])</c>; the first has to be <c>$1</c>.</param>
    public static string Keys(string arrays) => $"(SELECT * FROM {arrays} LIMIT cardinality($1))";

    /// <summary>
    /// A condition that leaves out the tables of other days before the plan starts. Said twice, the end of the range makes it look wide, so
    /// that it is not taken for the way to the rows: <c>BETWEEN</c> counts as half a percent of a table, whatever there is in it.
    /// </summary>
    /// <param name="moment">A table's <c>created_at</c>.</param>
    /// <param name="first">The first key's, a parameter.</param>
    /// <param name="last">The last key's, a parameter.</param>
    public static string Within(string moment, string first, string last) =>
        $"{moment} >= {first} AND ({moment} <= {last} OR {moment} < {last})";
}
