namespace Webhooks.Subscriptions.Profiles;

/// <summary>One header of a profile, besides the signature and the user agent.</summary>
public sealed record ProfileHeader(string Name, HeaderValue Value);

/// <summary>Where the value of a profile's header comes from.</summary>
public enum HeaderValue
{
    EventId,

    /// <summary>The id with each <c>.</c> replaced by <c>_</c>: dots separate what Standard Webhooks signs.</summary>
    EventIdWithoutDots,

    /// <summary>Unix seconds of the attempt.</summary>
    AttemptTime,

    /// <summary>Unix seconds of the event's timestamp, floored.</summary>
    EventTime,
}
