namespace Webhooks.Database;

/// <summary>Divides what is to be written into statements that a server can carry out in time.</summary>
public static class StatementParts
{
    /// <summary>
    /// The bytes of what one statement writes, at most. PostgreSQL would take a gigabyte, but not within a command's timeout.
    /// </summary>
    public const int MostBytes = 8 * 1024 * 1024;

    /// <summary>
    /// Parts of at most <see cref="MostBytes"/>, in order. What is larger than that is a part by itself, and so is what
    /// <paramref name="standsAlone"/> says.
    /// </summary>
    public static IEnumerable<IReadOnlyList<T>> Of<T>(IReadOnlyList<T> all, Func<T, int> bytesOf, Func<T, bool>? standsAlone = null)
    {
        var part = new List<T>(all.Count);
        var bytes = 0L;
        foreach (var one in all)
        {
            bytes += bytesOf(one);
            if (part.Count > 0 && (bytes > MostBytes || standsAlone?.Invoke(one) == true || standsAlone?.Invoke(part[^1]) == true))
            {
                yield return part;
                (part, bytes) = ([], bytesOf(one));
            }

            part.Add(one);
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }
}
