namespace Webhooks.Management.Deliveries;

/// <summary>Reads headers as they are stored: one "Name: value" a line.</summary>
internal static class HeaderLines
{
    public static IReadOnlyDictionary<string, string> Read(string lines) => Joined(
        from line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        let colon = line.IndexOf(": ", StringComparison.Ordinal)
        where colon > 0
        select KeyValuePair.Create(line[..colon], line[(colon + 2)..]));

    /// <summary>A name that comes twice has its values joined, as HTTP allows.</summary>
    public static IReadOnlyDictionary<string, string> Joined(IEnumerable<KeyValuePair<string, string>> headers)
    {
        var joined = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            joined[name] = joined.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
        }

        return joined;
    }
}
