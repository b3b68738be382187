using System.Collections.Immutable;
using System.Globalization;

namespace Webhooks.Dispatcher.Retention;

/// <summary>How far a partition's dropping has come.</summary>
internal enum PartitionState
{
    Attached,

    /// <summary>Somebody who detached it did not get to the end: no new statement sees it.</summary>
    Detaching,

    /// <summary>A table of its own, which nobody asks.</summary>
    Detached,
}

/// <summary>A day's part of one of the three tables.</summary>
/// <param name="Parent"><c>events</c>, <c>deliveries</c> or <c>attempts</c>.</param>
/// <param name="Name">The partition's own name.</param>
/// <param name="Day">In UTC.</param>
internal sealed record DayPartition(string Parent, string Name, DateOnly Day, PartitionState State)
{
    /// <summary>First what refers to a delivery, last what deliveries refer to: whoever reads in between finds nothing that leads nowhere.</summary>
    public static readonly ImmutableArray<string> Parents = ["attempts", "deliveries", "events"];

    public DateTimeOffset Begin => new(Day, TimeOnly.MinValue, TimeSpan.Zero);

    public DateTimeOffset End => Begin.AddDays(1);

    /// <summary>Null: it is not named as a day's partition is, so it is not ours to drop.</summary>
    public static DayPartition? Of(string name, PartitionState state)
    {
        var parent = Parents.FirstOrDefault(parent => name.StartsWith(parent + "_", StringComparison.Ordinal));
        return parent is not null && DateOnly.TryParseExact(name.AsSpan(parent.Length + 1), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? new DayPartition(parent, name, day, state)
            : null;
    }
}
