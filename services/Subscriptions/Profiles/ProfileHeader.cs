namespace Webhooks.Subscriptions.Profiles;

/// <summary>One header of a profile, besides the signature and the user agent.</summary>
/// <param name="Name">As it is sent.</param>
/// <param name="Value">Where its value comes from.</param>
/// <param name="Argument">What a fixed text is.</param>
public sealed record ProfileHeader(string Name, HeaderValue Value, string Argument = "");

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

    /// <summary><see cref="ProfileHeader.Argument"/> itself: a header that a subscription gives itself.</summary>
    FixedText,
}
