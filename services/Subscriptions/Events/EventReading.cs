namespace Webhooks.Subscriptions.Events;

/// <summary>What reading an event came to: accepted, or refused with every fault at once.</summary>
public abstract record EventReading
{
    private EventReading()
    {
    }

    /// <param name="Event">Its tenant is the one that the body names, else the one that the caller supplied.</param>
    public sealed record Accepted(AcceptedEvent Event) : EventReading;

    /// <param name="Reason">Which kind of refusal.</param>
    /// <param name="Detail">One sentence for people.</param>
    /// <param name="Faults">Each faulty member; empty unless the reason is <see cref="RefusalReason.InvalidEvent"/>.</param>
    public sealed record Refused(RefusalReason Reason, string Detail, IReadOnlyList<EventFault> Faults) : EventReading;
}

/// <summary>Why an event is refused.</summary>
public enum RefusalReason
{
    /// <summary>Not JSON, or not UTF-8.</summary>
    NotJson,

    /// <summary>JSON, but not an event.</summary>
    InvalidEvent,

    /// <summary>More bytes than an event may have.</summary>
    TooLarge,
}

/// <summary>The reasons' names on the wire.</summary>
public static class RefusalReasonNames
{
    public static string WireName(this RefusalReason reason) => reason switch
    {
        RefusalReason.NotJson => "not_json",
        RefusalReason.InvalidEvent => "invalid_event",
        RefusalReason.TooLarge => "too_large",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason."),
    };
}

/// <summary>One faulty member of an event.</summary>
/// <param name="Pointer">JSON pointer into the body as sent; empty: the whole body.</param>
/// <param name="Code">One of the constants here; never changes.</param>
/// <param name="Claim">What is wrong, without its subject: <c>must be a string</c>.</param>
public sealed record EventFault(string Pointer, string Code, string Claim)
{
    public const string Required = "required";
    public const string InvalidType = "invalid_type";
    public const string InvalidFormat = "invalid_format";
    public const string Duplicate = "duplicate";
    public const string Reserved = "reserved";
    public const string TooDeep = "too_deep";

    /// <summary>A sentence for people.</summary>
    public string Message => $"It {Claim}.";
}
