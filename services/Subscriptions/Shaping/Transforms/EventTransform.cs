using System.Buffers;
using System.Text.Json;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>How a subscription's body differs from its profile's.</summary>
public abstract record EventTransform
{
    private EventTransform()
    {
    }

    /// <summary>The whole body is the template, with values of the event in the place of its placeholders.</summary>
    public sealed record Template(JsonElement Json) : EventTransform;

    /// <summary>The profile's body, but of data and metadata only these places; what an event does not have is left out.</summary>
    public sealed record Include(IReadOnlyList<JsonPointer> Places) : EventTransform;

    /// <summary>The profile's body without these places of data and metadata.</summary>
    public sealed record Exclude(IReadOnlyList<JsonPointer> Places) : EventTransform;
}

/// <summary>An event that a transform cannot be applied to. The message says which part of the transform, and why.</summary>
public sealed class TransformException(string message) : Exception(message);
