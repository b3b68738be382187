using System.Text.Json;
using System.Text.Json.Serialization;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles.Overrides;

namespace Webhooks.Subscriptions.Storage;

/// <summary>A subscription's own signature as it stands in the column <c>signature</c>: what differs from the profile, in the API's words.</summary>
internal static class SignatureJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // A part that this version does not know would be signed without it.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new AlgorithmConverter() },
    };

    public static string? Write(SignatureOverride? signature) => signature is null ? null : JsonSerializer.Serialize(signature, Options);

    /// <exception cref="InvalidOperationException">This version does not understand it.</exception>
    public static SignatureOverride? Read(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize<SignatureOverride>(json, Options);
        }
        catch (JsonException fault)
        {
            throw new InvalidOperationException($"A revision has a signature that this version does not understand: run one that does. {json}", fault);
        }
    }

    // The engine's own names are those of its test vectors.
    private sealed class AlgorithmConverter : JsonConverter<SignatureAlgorithm>
    {
        public override SignatureAlgorithm Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            SignatureAlgorithmName.Find(reader.GetString()) ?? throw new JsonException("There is no such algorithm.");

        public override void Write(Utf8JsonWriter writer, SignatureAlgorithm value, JsonSerializerOptions options) =>
            writer.WriteStringValue(SignatureAlgorithmName.Of(value));
    }
}
