namespace Webhooks.Load.Callbacks;

/// <summary>What to measure.</summary>
internal sealed record CallbackLoadOptions
{
    public required int Callbacks { get; init; }

    /// <summary>On their way at a time, when there is no rate.</summary>
    public required int Callers { get; init; }

    /// <summary>Callbacks a second; 0: as fast as they are answered.</summary>
    public required double Rate { get; init; }

    /// <summary>Callbacks before the measurement.</summary>
    public required int Warmup { get; init; }

    public required FileInfo? Endpoints { get; init; }
}
