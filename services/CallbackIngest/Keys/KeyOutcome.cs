namespace Webhooks.CallbackIngest.Keys;

/// <summary>The closed set of things that a key can say to a callback.</summary>
internal abstract record KeyOutcome
{
    private KeyOutcome()
    {
    }

    /// <summary>It is this request's now: publish the command, then say how that ended.</summary>
    /// <param name="CallbackId">The callback's id.</param>
    /// <param name="Command">The command's bytes, as they are stored.</param>
    /// <param name="Superseded">A later change of the same ticket was accepted before.</param>
    public sealed record Reserved(Guid CallbackId, byte[] Command, bool Superseded) : KeyOutcome;

    /// <summary>Done before, with this content.</summary>
    public sealed record Replayed : KeyOutcome;

    /// <summary>It is no command, and told of.</summary>
    /// <param name="Before">It was so already.</param>
    public sealed record Told(bool Before) : KeyOutcome;

    /// <summary>Another request is at it; ask again when its lease is over at the latest.</summary>
    public sealed record InProgress(TimeSpan RetryAfter) : KeyOutcome;

    /// <summary>It belongs to other content.</summary>
    public sealed record Reused : KeyOutcome;

    /// <summary>A new key, and too many of those came within the minute.</summary>
    public sealed record Limited(TimeSpan RetryAfter) : KeyOutcome;
}
