namespace Webhooks.Subscriptions.Profiles;

/// <summary>One member of a profile's envelope: the name it is sent under, and where its value comes from.</summary>
public sealed record EnvelopeField(string Name, EnvelopeValue Value, string Argument = "")
{
    public static EnvelopeField Id { get; } = new("id", EnvelopeValue.EventId);

    public static EnvelopeField Type { get; } = new("type", EnvelopeValue.EventType);

    public static EnvelopeField Timestamp { get; } = new("timestamp", EnvelopeValue.Timestamp);

    public static EnvelopeField CreatedMilliseconds { get; } = new("created", EnvelopeValue.TimestampUtcMilliseconds);

    public static EnvelopeField CreatedUnixSeconds { get; } = new("created", EnvelopeValue.TimestampUnixSeconds);

    public static EnvelopeField Version { get; } = new("version", EnvelopeValue.Version);

    public static EnvelopeField TenantId { get; } = new("tenant_id", EnvelopeValue.TenantId);

    public static EnvelopeField ContextId { get; } = new("context_id", EnvelopeValue.ContextId);

    public static EnvelopeField Data { get; } = new("data", EnvelopeValue.Data);

    public static EnvelopeField Metadata { get; } = new("metadata", EnvelopeValue.Metadata);

    /// <summary>A string that is the same in every envelope.</summary>
    public static EnvelopeField Fixed(string name, string text) => new(name, EnvelopeValue.FixedText, text);

    /// <summary>The same-named member of the event's data; left out when absent.</summary>
    public static EnvelopeField FromData(string name) => new(name, EnvelopeValue.DataMember, name);
}

/// <summary>Where the value of an envelope's member comes from.</summary>
public enum EnvelopeValue
{
    EventId,
    EventType,

    /// <summary>As the publisher spelled it.</summary>
    Timestamp,

    /// <summary>UTC with three decimals, truncated: <c>2024-01-20T10:30:00.000Z</c>.</summary>
    TimestampUtcMilliseconds,

    /// <summary>A number of whole seconds, floored.</summary>
    TimestampUnixSeconds,

    Version,
    TenantId,

    /// <summary>Left out when the event has none.</summary>
    ContextId,
    Data,

    /// <summary>Left out when the event has none.</summary>
    Metadata,

    /// <summary><see cref="EnvelopeField.Argument"/> itself.</summary>
    FixedText,

    /// <summary>The member of data named by <see cref="EnvelopeField.Argument"/>; left out when absent.</summary>
    DataMember,
}
