namespace Webhooks.Load;

/// <summary>What to measure.</summary>
internal sealed record LoadOptions
{
    public required int Events { get; init; }

    public required int Fanout { get; init; }

    /// <summary>Events a second; 0: as fast as possible.</summary>
    public required double Rate { get; init; }

    /// <summary>Deliveries before the measurement.</summary>
    public required int Warmup { get; init; }

    public int WarmupEvents => Math.Max(1, Warmup / Fanout);

    public required string Profile { get; init; }

    public required FileInfo? Endpoints { get; init; }
}
