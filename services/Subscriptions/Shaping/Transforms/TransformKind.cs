using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>The closed set of ways in which a subscription's body can differ from its profile's.</summary>
internal abstract record TransformKind
{
    private TransformKind()
    {
    }

    /// <summary>The whole body is the template, with values of the event in the place of its placeholders.</summary>
    public sealed record Template(JsonElement Json) : TransformKind;

    /// <summary>The profile's body, but of data and metadata only these places; what an event does not have is left out.</summary>
    public sealed record Include(PlaceTree Places) : TransformKind;

    /// <summary>The profile's body without these places of data and metadata.</summary>
    public sealed record Exclude(PlaceTree Places) : TransformKind;
}
