using System.Text.Json;
using Webhooks.Broker.Parking;
using Webhooks.Contracts;

namespace Webhooks.CallbackIngest.Results;

/// <summary>What a domain service said of a command.</summary>
/// <param name="CommandId">Which one.</param>
/// <param name="IsApplied">Was it carried out?</param>
/// <param name="Reason">A sentence for people, or null.</param>
internal sealed record CommandResult(Guid CommandId, bool IsApplied, string? Reason)
{
    private const int LongestReason = 1000;

    private static readonly JsonDocumentOptions AsSent = new() { AllowDuplicateProperties = false };

    /// <summary>Reads plain JSON, and MassTransit's envelope around it.</summary>
    /// <returns>The result, or why it is parked and the sentence to it.</returns>
    public static (CommandResult? Result, string Reason, string Detail) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, AsSent);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && !root.TryGetProperty("command_id", out _) && root.TryGetProperty("message", out var message))
            {
                root = message;
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                return Refuse("A result is a JSON object.");
            }

            // However it is written: JSON's readers elsewhere leave the dashes out, or put braces around it.
            if (!root.TryGetProperty("command_id", out var id) || id.ValueKind != JsonValueKind.String || !Guid.TryParse(id.GetString(), out var commandId))
            {
                return Refuse("A result names its command by command_id, a UUID.");
            }

            var outcome = root.TryGetProperty("outcome", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString()!.ToLowerInvariant() : null;
            return outcome is CallbackResult.Applied or CallbackResult.Failed
                ? (new CommandResult(commandId, outcome == CallbackResult.Applied, Short(ReasonOf(root))), "", "")
                : Refuse($"A result's outcome is \"{CallbackResult.Applied}\" or \"{CallbackResult.Failed}\".");
        }
        catch (JsonException)
        {
            return (null, ParkingReason.NotJson, "A result is a JSON object.");
        }
        catch (InvalidOperationException)
        {
            // An escaped half of a surrogate pair.
            return Refuse("A result's members are whole texts.");
        }
    }

    // A text as it should be; whatever else was said is worth keeping, too.
    private static string? ReasonOf(JsonElement root) => !root.TryGetProperty("reason", out var said) ? null : said.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => said.GetString(),
        _ => said.GetRawText(),
    };

    private static (CommandResult? Result, string Reason, string Detail) Refuse(string detail) => (null, ParkingReason.InvalidResult, detail);

    // PostgreSQL has no text with U+0000.
    private static string? Short(string? reason) => reason?.Replace("\0", "", StringComparison.Ordinal) is { } text
        ? text.Length <= LongestReason ? text : text[..(char.IsHighSurrogate(text[LongestReason - 1]) ? LongestReason - 1 : LongestReason)]
        : null;
}
