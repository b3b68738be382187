namespace Webhooks.Faults;

/// <summary>How long, how much, and by which chance.</summary>
internal sealed record FaultOptions
{
    /// <summary>While which faults begin. Recovery comes on top.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>The same seed plans the same faults; what they hit depends on the machine as well.</summary>
    public required int Seed { get; init; }

    /// <summary>Events a second.</summary>
    public int Rate { get; init; } = 20;

    public int Dispatchers { get; init; } = 3;

    public int Publishers { get; init; } = 2;

    /// <summary>The most that may pass, once the faults are over, until nothing is pending.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromMinutes(4);
}
