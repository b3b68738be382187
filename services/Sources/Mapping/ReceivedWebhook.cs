using System.Text.Json;
using System.Text.Unicode;

namespace Webhooks.Sources.Mapping;

/// <summary>A webhook that was verified, as its mapping sees it.</summary>
internal sealed record ReceivedWebhook
{
    // In the command it stands one level deeper, and the command's readers stop at 64.
    private const int Deepest = 58;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = Deepest };

    /// <summary>The last step of the path; null: there was none.</summary>
    public string? PathId { get; init; }

    public required Func<string, string?> Query { get; init; }

    public required Func<string, string?> Headers { get; init; }

    /// <summary>SHA-256 of the bytes.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary>Null: the body is no JSON object, or one that two readers could read differently.</summary>
    public required JsonElement? Body { get; init; }

    public static JsonElement? Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        // The second: an escaped half of a surrogate pair in a member's name.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
