using System.Text.Json;
using Webhooks.Sources;
using Webhooks.Sources.Presets;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>Slack sends more than webhooks to an address, and shows people what it is answered.</summary>
internal static class SlackRequest
{
    /// <summary>Whether the address is meant, asked before events are sent: what it wants back. Null: it does not ask.</summary>
    public static string? ChallengeOf(Source source, JsonElement? body) =>
        IsSlack(source) && TextOf(body, "type") == "url_verification" ? TextOf(body, "challenge") : null;

    /// <summary>Now and then Slack looks whether a command's address has a certificate: nobody has typed anything.</summary>
    public static bool IsProbe(Source source, ReadBody read) => IsSlack(source) && read.IsForm && TextOf(read.Body, "ssl_check") == "1";

    /// <summary>Commands and clicks come as forms, and an answer's body would be taken for a message to whoever made them.</summary>
    public static bool WantsNoBody(Source source, ReadBody read) => IsSlack(source) && read.IsForm;

    private static bool IsSlack(Source source) => source.Kind == SourcePreset.Slack;

    private static string? TextOf(JsonElement? body, string name)
    {
        try
        {
            return body is { } root && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }
}
