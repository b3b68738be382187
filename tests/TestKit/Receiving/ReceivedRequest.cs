using System.Text;

namespace Webhooks.TestKit;

/// <summary>A request as it came in: nothing decoded, nothing parsed.</summary>
/// <param name="Number">From 1, in the order of arrival at this receiver.</param>
/// <param name="ReceivedAt">When its body was complete.</param>
/// <param name="Path">With the query, as sent.</param>
/// <param name="Headers">By name without regard to case; several values of one name are joined with ", ".</param>
/// <param name="Body">The raw bytes.</param>
public sealed record ReceivedRequest(
    int Number,
    DateTimeOffset ReceivedAt,
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Headers,
    byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Null when the request has no such header.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
