using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;

namespace Webhooks.Dispatcher.Replays;

/// <summary>A replay as its row has it, while the row is locked.</summary>
internal sealed record RunningReplay
{
    public required Guid Id { get; init; }

    public required ReplaySelection Selection { get; init; }

    public required ReplayPace Pace { get; init; }

    public required long Matched { get; init; }

    public required long Done { get; init; }

    public required bool IsCounted { get; init; }

    /// <summary>The last delivery that was counted or left out by the counting.</summary>
    public required DeliveryKey? CountedTo { get; init; }

    /// <summary>The last delivery that was replayed or left out.</summary>
    public required DeliveryKey? ReplayedTo { get; init; }

    /// <summary>The subscription that it names takes nothing any more.</summary>
    public required bool IsObsolete { get; init; }

    /// <summary>The database's time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Why it ends before its end.</summary>
    public string? Error { get; init; }

    public bool IsFinished { get; init; }

    public string Status => Error is not null ? "failed" : IsFinished ? "done" : "running";

    /// <summary>With a further chunk counted.</summary>
    /// <param name="found">How many are to be replayed in it.</param>
    /// <param name="end">Where it ends; null: it was the last.</param>
    public RunningReplay WithCounted(long found, DeliveryKey? end) =>
        this with { Matched = Matched + found, CountedTo = end ?? CountedTo, IsCounted = end is null };

    /// <summary>With a further chunk replayed.</summary>
    /// <param name="made">How many were made.</param>
    /// <param name="end">Where it ends; null: it was the last.</param>
    public RunningReplay WithMade(int made, DeliveryKey? end) => this with
    {
        Done = Done + made,
        // Counted ahead, a delivery may have moved on since: how many there really were is known at the end.
        Matched = end is null ? Done + made : Math.Max(Matched, Done + made),
        ReplayedTo = end ?? ReplayedTo,
        IsFinished = end is null,
        Pace = Pace with { NextDueAt = made == 0 ? Pace.NextDueAt : Pace.DueAt(Now, made) },
    };
}
