namespace Webhooks.Broker.Publishing;

/// <summary>What became of a publish.</summary>
public enum PublishOutcome
{
    /// <summary>On a majority's disk.</summary>
    Confirmed,

    /// <summary>The broker had no queue for it.</summary>
    Unroutable,

    /// <summary>The broker refused it, for example because the queue is full.</summary>
    Refused,

    /// <summary>The connection was lost: it may or may not have been stored.</summary>
    Unknown,

    /// <summary>The connection was there and the confirm did not come in time: some queue may have it and another not.</summary>
    Unconfirmed,
}
