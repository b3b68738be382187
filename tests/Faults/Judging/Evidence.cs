namespace Webhooks.Faults.Judging;

/// <summary>What three sides say of a run: the one that published, the ones that received, and the system itself.</summary>
internal sealed record Evidence
{
    /// <summary>Numbers of the events whose publication was confirmed.</summary>
    public required IReadOnlyCollection<int> Confirmed { get; init; }

    /// <summary>Numbers of those that were tried and never confirmed; they may have been accepted.</summary>
    public required IReadOnlyCollection<int> Unconfirmed { get; init; }

    public required IReadOnlyList<DeliveryRow> Deliveries { get; init; }

    public required IReadOnlyDictionary<DeliveryKey, Receipts> Received { get; init; }

    /// <summary>The most requests that a subscriber's receiver had unanswered at a time.</summary>
    public required IReadOnlyDictionary<int, int> MostInFlight { get; init; }

    public required Account Account { get; init; }
}

/// <summary>One event for one subscriber.</summary>
internal readonly record struct DeliveryKey(int Event, int Subscriber)
{
    public override string ToString() => $"event {Event} for subscriber {Subscriber}";
}

/// <summary>A delivery as the system has it.</summary>
/// <param name="Key">Whose.</param>
/// <param name="Status">As it is stored.</param>
/// <param name="LastAttempt">The delivery's own count.</param>
/// <param name="Attempts">How many attempts are recorded.</param>
/// <param name="Place">Its place in the order of acceptance.</param>
internal sealed record DeliveryRow(DeliveryKey Key, string Status, int LastAttempt, long Attempts, long Place);

/// <summary>What a receiver saw of a delivery.</summary>
/// <param name="Valid">Requests whose signature was right.</param>
/// <param name="Invalid">Requests whose signature was not.</param>
/// <param name="Taken">Requests that were answered 2xx, or had such an answer under way.</param>
/// <param name="First">The place of the first of them among all requests of the run.</param>
internal sealed record Receipts(int Valid, int Invalid, int Taken, long First);

/// <summary>What <c>GET /v1/accounting</c> says.</summary>
internal sealed record Account(long Accepted, long Matched, long Delivered, long Failed, long Exhausted, long Canceled, long Pending, long Parked);
