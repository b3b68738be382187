namespace Webhooks.Faults.Judging;

/// <summary>Where the invariant does not hold.</summary>
/// <param name="Fault">In what way.</param>
/// <param name="Key">Which delivery; null when it is about none.</param>
/// <param name="Detail">What was there instead.</param>
internal sealed record Finding(Discrepancy Fault, DeliveryKey? Key, string Detail)
{
    /// <summary>The event has not reached, or may never reach, a receiver that wants it.</summary>
    public bool IsLoss => Fault is Discrepancy.Missing or Discrepancy.NotEnded or Discrepancy.NeverReceived;

    public override string ToString() => $"{Fault}: {(Key is { } key ? $"{key}: " : "")}{Detail}";
}

/// <summary>The ways in which the invariant can be broken.</summary>
internal enum Discrepancy
{
    /// <summary>A confirmed event has no delivery for a subscription that wants it.</summary>
    Missing,

    /// <summary>A delivery is still pending.</summary>
    NotEnded,

    /// <summary>It has ended, was delivered or should have been, and no receiver took it.</summary>
    NeverReceived,

    /// <summary>It ended in another way than its receiver's answers lead to.</summary>
    EndedOtherwise,

    /// <summary>An event has two deliveries for one subscription.</summary>
    Doubled,

    /// <summary>A delivery of an event that nobody published, or that this subscription does not want.</summary>
    Unexpected,

    /// <summary>A request came with a signature that is not right.</summary>
    Forged,

    /// <summary>A delivery's count of attempts is not that of its records.</summary>
    Miscounted,

    /// <summary>It came before one of the same key that was accepted before it.</summary>
    OutOfOrder,

    /// <summary>A receiver had more requests unanswered at a time than its subscription allows.</summary>
    TooManyInFlight,

    /// <summary>The account is not what the rows and the publisher say.</summary>
    WrongAccount,

    /// <summary>More came twice than faults can account for.</summary>
    TooManyDuplicates,

    /// <summary>After a fault nothing was delivered in all the time there was.</summary>
    NeverRecovered,

    /// <summary>An event could not be published in all the time there was.</summary>
    Unpublished,
}
