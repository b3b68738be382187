namespace Webhooks.Faults.Planning;

/// <summary>One fault of a run.</summary>
/// <param name="Kind">Its line of the table.</param>
/// <param name="At">When it begins, from the run's start.</param>
/// <param name="Duration">How long it lasts.</param>
/// <param name="Which">Chooses among equal targets, by what is left after a division by their number.</param>
internal sealed record PlannedFault(FaultKind Kind, TimeSpan At, TimeSpan Duration, int Which)
{
    public TimeSpan End => At + Duration;
}
