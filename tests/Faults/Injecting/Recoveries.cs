using System.Diagnostics;
using Webhooks.Faults.Judging;
using Webhooks.Faults.Planning;
using Webhooks.Faults.Publishing;

namespace Webhooks.Faults.Injecting;

/// <summary>
/// Measures, for every fault, the time from its end until a fresh event, one that was published after it, is delivered:
/// to anybody, or to the receiver that the fault was about.
/// </summary>
internal sealed class Recoveries(EventStream stream)
{
    private readonly Lock _lock = new();
    private readonly List<Recovery> _all = [];

    public IReadOnlyList<Recovery> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>The fault is over.</summary>
    public Recovery Await(FaultKind kind, int? receiver)
    {
        var recovery = new Recovery(kind, receiver, Stopwatch.GetTimestamp());
        lock (_lock)
        {
            _all.Add(recovery);
        }

        return recovery;
    }

    /// <summary>The next one begins: what has not recovered by now is measured no more, for it would be measured with that.</summary>
    public void Overtake(bool ofReceivers)
    {
        lock (_lock)
        {
            foreach (var recovery in _all.Where(recovery => recovery.After is null && (recovery.Receiver is not null) == ofReceivers))
            {
                recovery.IsOvertaken = true;
            }
        }
    }

    public void Taken(DeliveryKey key)
    {
        var begun = stream.BegunAt(key.Event);
        lock (_lock)
        {
            foreach (var recovery in _all)
            {
                if (recovery is { After: null, IsOvertaken: false } && begun > recovery.From && (recovery.Receiver is null || recovery.Receiver == key.Subscriber))
                {
                    recovery.After = Stopwatch.GetElapsedTime(recovery.From);
                }
            }
        }
    }
}

/// <summary>One fault's end, and what came of it.</summary>
internal sealed class Recovery(FaultKind kind, int? receiver, long from)
{
    public FaultKind Kind => kind;

    public int? Receiver => receiver;

    public long From => from;

    /// <summary>Null until then.</summary>
    public TimeSpan? After { get; set; }

    /// <summary>The next fault came first.</summary>
    public bool IsOvertaken { get; set; }

    /// <summary>Nothing was delivered, in all the time there was.</summary>
    public bool IsNever => After is null && !IsOvertaken;
}
