using System.Text.Json;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>What a callback's body says, checked and in its normal form.</summary>
internal sealed record CallbackBody
{
    /// <summary>Upper case.</summary>
    public required string ExternalSystem { get; init; }

    /// <summary>Null: not said.</summary>
    public required DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>Texts, choices and times, by the names of their fields; times in UTC. What is not said is not there.</summary>
    public required IReadOnlyDictionary<string, string> Texts { get; init; }

    /// <summary>An object, or null.</summary>
    public required JsonElement? Payload { get; init; }

    /// <summary>Members that no field has.</summary>
    public required IReadOnlyList<JsonProperty> Others { get; init; }
}
