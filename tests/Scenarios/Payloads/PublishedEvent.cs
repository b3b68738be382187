using System.Globalization;
using System.Text;
using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Payloads;

/// <summary>
/// An event as it was published, and what each profile must make of it: put together from the published text by string
/// operations alone, so that no serializer can make the same mistake as the system's.
/// </summary>
internal sealed record PublishedEvent(string Json)
{
    public string Id => Text("id")!;

    public string Type => Text("type")!;

    public string Timestamp => Text("timestamp")!;

    public TestEvent ToPublish => new(Id, Type, Text("tenant_id")!, Encoding.UTF8.GetBytes(Json));

    public DateTimeOffset OccurredAt => DateTimeOffset.Parse(Timestamp, CultureInfo.InvariantCulture);

    /// <summary>The documented examples lack the tenant, which every event on the bus must have.</summary>
    public static PublishedEvent Documented(string name, string tenantId)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "events", $"{name}.json"));
        return new PublishedEvent($"{{\n  \"tenant_id\": \"{tenantId}\",{text[1..]}");
    }

    public string ExpectedBody(string profile) => profile switch
    {
        "matcher" => Envelope(
            Quoted("id"), Quoted("type"), Quoted("timestamp"), $"\"version\":\"{Text("version") ?? "1.0"}\"", Quoted("tenant_id"),
            Quoted("context_id"), Raw("data"), Raw("metadata")),
        "matchaudit" => Envelope(
            Quoted("id"), Quoted("type"), $"\"created\":\"{OccurredAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fff}Z\"", "\"version\":\"1\"", Raw("data")),
        "kyc" => Envelope(Quoted("id"), Quoted("type"), $"\"created\":{OccurredAt.ToUnixTimeSeconds()}", Raw("data")),
        "bookkeeper" => Envelope(
            Quoted("id"), Quoted("type"), Quoted("timestamp"), OfData("reference_id"), OfData("amount"), OfData("currency"), Raw("data")),
        "standard" => Envelope(Quoted("type"), Quoted("timestamp"), Raw("data")),
        _ => throw new ArgumentOutOfRangeException(nameof(profile), profile, "Not a profile."),
    };

    private static string Envelope(params IEnumerable<string?> members) => $"{{{string.Join(',', members.Where(member => member is not null))}}}";

    private string? Text(string name) => Member(name)?.GetString();

    private string? Quoted(string name) => Raw(name);

    private string? Raw(string name) => Member(name) is { } value ? $"\"{name}\":{Minified(value.GetRawText())}" : null;

    private string? OfData(string name) =>
        Member("data")!.Value.TryGetProperty(name, out var value) ? $"\"{name}\":{Minified(value.GetRawText())}" : null;

    private JsonElement? Member(string name) =>
        JsonSerializer.Deserialize<JsonElement>(Json).TryGetProperty(name, out var value) ? value : null;

    // Drops the white space outside strings and touches nothing else; the documented texts have no escapes to respell.
    private static string Minified(string json)
    {
        var minified = new StringBuilder(json.Length);
        var inString = false;
        for (var index = 0; index < json.Length; index++)
        {
            if (json[index] == '"' && (index == 0 || json[index - 1] != '\\'))
            {
                inString = !inString;
            }

            if (inString || !char.IsWhiteSpace(json[index]))
            {
                minified.Append(json[index]);
            }
        }

        return minified.ToString();
    }
}
