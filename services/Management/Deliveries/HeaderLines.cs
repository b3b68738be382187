namespace Webhooks.Management.Deliveries;

/// <summary>Reads headers as they are stored: one "Name: value" a line.</summary>
internal static class HeaderLines
{
    /// <summary>A name that comes twice has its values joined, as HTTP allows.</summary>
    public static IReadOnlyDictionary<string, string> Read(string lines)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0)
            {
                var (name, value) = (line[..colon], line[(colon + 2)..]);
                headers[name] = headers.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
            }
        }

        return headers;
    }
}
