namespace Webhooks.Faults.Receiving;

/// <summary>How a receiver treats its requests at the moment.</summary>
internal enum Manner
{
    /// <summary>By its subscriber's rule.</summary>
    Well,

    /// <summary>Answers 500.</summary>
    Failing,

    /// <summary>Answers nothing.</summary>
    Stalling,

    /// <summary>Answers 200 byte by byte: the headers of one event, the body of the next.</summary>
    Dripping,

    /// <summary>Breaks the connection off.</summary>
    Resetting,

    /// <summary>Answers 429 with Retry-After.</summary>
    Throttling,
}
