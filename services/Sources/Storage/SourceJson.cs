using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Sources.Storage;

/// <summary>A source's settings as they are stored.</summary>
internal static class SourceJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Write(SourceSettings settings) => JsonSerializer.Serialize(settings, Options);

    public static SourceSettings Read(string text) => JsonSerializer.Deserialize<SourceSettings>(text, Options)
        ?? throw new JsonException("A source's settings are stored as null.");
}
