using System.Text.Json;
using Webhooks.Faults.Injecting;
using Webhooks.Faults.Judging;
using Webhooks.Faults.Planning;
using Webhooks.Faults.Running;

namespace Webhooks.Faults.Reporting;

/// <summary>What a run prints.</summary>
internal sealed record Report
{
    public static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required int Seed { get; init; }

    public required double Minutes { get; init; }

    public required int Events { get; init; }

    public required int Deliveries { get; init; }

    public required long Attempts { get; init; }

    public required int Lost { get; init; }

    /// <summary>Requests that a receiver took beyond the first of a delivery.</summary>
    public required int Duplicates { get; init; }

    public required double DuplicateShare { get; init; }

    /// <summary>From the end of the last fault until everything had ended.</summary>
    public required double SettledAfterSeconds { get; init; }

    public required IReadOnlyList<FaultLine> Faults { get; init; }

    public required Account Account { get; init; }

    /// <summary>Empty: the invariant holds.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Deliveries of some findings with their attempts.</summary>
    public required IReadOnlyList<string> Histories { get; init; }

    public bool Holds => Findings.Count == 0;

    public static Report Of(FaultOptions options, Judgement judgement, IReadOnlyList<Recovery> recoveries) => new()
    {
        Seed = options.Seed,
        Minutes = Math.Round(options.Length.TotalMinutes, 1),
        Events = judgement.Evidence.Confirmed.Count,
        Deliveries = judgement.Evidence.Deliveries.Count,
        Attempts = judgement.Evidence.Deliveries.Sum(delivery => delivery.Attempts),
        Lost = judgement.Verdict.Lost,
        Duplicates = judgement.Verdict.Duplicates,
        DuplicateShare = judgement.Evidence.Deliveries.Count == 0 ? 0 : Math.Round((double)judgement.Verdict.Duplicates / judgement.Evidence.Deliveries.Count, 5),
        SettledAfterSeconds = Math.Round(judgement.SettledAfter.TotalSeconds, 1),
        Faults =
        [
            .. FaultKind.OfTheSystem.Concat(FaultKind.OfReceivers)
                .Select(kind => FaultLine.Of(kind, [.. recoveries.Where(recovery => recovery.Kind == kind)]))
                .Where(line => line.Count > 0),
        ],
        Account = judgement.Evidence.Account,
        Findings = [.. judgement.Verdict.Findings.Concat(NeverRecovered(recoveries)).Select(finding => finding.ToString())],
        Histories = judgement.Histories,
    };

    private static IEnumerable<Finding> NeverRecovered(IReadOnlyList<Recovery> recoveries) => recoveries
        .Where(recovery => recovery.IsNever)
        .Select(recovery => new Finding(
            Discrepancy.NeverRecovered, null, $"nothing was delivered after {recovery.Kind.Name}{(recovery.Receiver is { } receiver ? $" of receiver {receiver}" : "")}"));
}

/// <summary>What one kind of fault did. Seconds; null where none was measured.</summary>
/// <param name="Fault">The kind.</param>
/// <param name="Count">How often.</param>
/// <param name="MedianRecovery">From the end of the fault until a fresh event was delivered.</param>
/// <param name="MaxRecovery">The longest.</param>
/// <param name="Overtaken">After how many the next fault came before that.</param>
/// <param name="Unrecovered">After how many none was delivered in all the time there was.</param>
internal sealed record FaultLine(string Fault, int Count, double? MedianRecovery, double? MaxRecovery, int Overtaken, int Unrecovered)
{
    public static FaultLine Of(FaultKind kind, IReadOnlyList<Recovery> recoveries)
    {
        var measured = recoveries.Select(recovery => recovery.After).OfType<TimeSpan>().Order().Select(after => Math.Round(after.TotalSeconds, 1)).ToList();
        return new FaultLine(
            kind.Name,
            recoveries.Count,
            measured.Count == 0 ? null : measured[measured.Count / 2],
            measured.Count == 0 ? null : measured[^1],
            recoveries.Count(recovery => recovery.IsOvertaken),
            recoveries.Count(recovery => recovery.IsNever));
    }
}
