using System.Text.Json;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Json;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>How a subscription's body differs from its profile's. A value: equal when spelled alike.</summary>
public sealed class EventTransform : IEquatable<EventTransform>
{
    private readonly TransformKind _kind;

    private EventTransform(string json, TransformKind kind) => (Json, _kind) = (json, kind);

    /// <summary>As it was given, minified.</summary>
    public string Json { get; }

    /// <summary>The transform, or everything that is wrong with it.</summary>
    public static (EventTransform? Transform, IReadOnlyList<ShapingFault> Faults) Read(JsonElement json)
    {
        var faults = new List<ShapingFault>();
        return SavedJson.Of(json, faults) is { } saved && TransformReader.Read(SavedJson.Parse(saved), faults) is { } kind
            ? (new EventTransform(saved, kind), [])
            : (null, faults);
    }

    /// <summary>A transform that was saved.</summary>
    /// <exception cref="InvalidOperationException">This version does not understand it.</exception>
    public static EventTransform Parse(string json) => Read(SavedJson.Parse(json)) is { Transform: { } transform } ? transform
        : throw new InvalidOperationException($"A revision has a transform that this version does not understand: run one that does. {json}");

    /// <summary>The body for an event in a profile.</summary>
    /// <exception cref="TransformException">It cannot be made from this event.</exception>
    public ReadOnlyMemory<byte> Render(Profile profile, AcceptedEvent accepted)
    {
        using var document = EventDocument.Of(accepted);
        return _kind switch
        {
            TransformKind.Template template => TemplateRenderer.Render(template.Json, new JsonPlace(document.RootElement)),
            TransformKind.Include include => EnvelopeRenderer.Render(profile, Projection.Including(include.Places, accepted, document.RootElement)),
            TransformKind.Exclude exclude => EnvelopeRenderer.Render(profile, Projection.Excluding(exclude.Places, accepted, document.RootElement)),
            _ => throw new InvalidOperationException($"No rule for {_kind}."),
        };
    }

    public bool Equals(EventTransform? other) => other?.Json == Json;

    public override bool Equals(object? obj) => Equals(obj as EventTransform);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Json);
}
