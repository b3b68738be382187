namespace Webhooks.Faults.Planning;

/// <summary>What is done to the target.</summary>
internal enum FaultDeed
{
    /// <summary>SIGKILL; servers stay down for the fault's duration, services are started again by their runner.</summary>
    Kill,

    /// <summary>An orderly stop and a new start.</summary>
    Restart,

    /// <summary>SIGSTOP, and SIGCONT at the end.</summary>
    Freeze,

    /// <summary>The broker blocks whoever publishes.</summary>
    MemoryAlarm,

    /// <summary>The broker closes every connection, as an operator would.</summary>
    CloseConnections,

    /// <summary>Connections stay and nothing passes; a receiver takes a request and never answers.</summary>
    Stall,

    /// <summary>TCP reset.</summary>
    Reset,

    /// <summary>Connections are closed, and so are new ones.</summary>
    Cut,

    /// <summary>Requests pass, answers are lost.</summary>
    HalfOpen,

    /// <summary>500.</summary>
    Fail,

    /// <summary>Headers, or the body after them, come byte by byte.</summary>
    Drip,

    /// <summary>429 with Retry-After.</summary>
    Throttle,
}
