namespace Webhooks.Dispatcher.Attempts.Gone;

/// <summary>
/// Records the attempt by which the receiver of a lane said that it is gone, and disables the subscription, in one transaction. One
/// after the other will not do: in a lane no message comes back to remind of the disabling when its process died in between, and
/// a disabling that comes first cancels the very delivery that is to be failed.
/// </summary>
internal sealed class GoneRecord(GoneSubscriptions subscriptions, AttemptStore attempts)
{
    /// <summary>Completes once both are on disk; false when somebody else had recorded the attempt before. Waits as long as the database is away.</summary>
    /// <param name="attempt">Not recorded.</param>
    /// <param name="record">Records it as any other, when there is nothing to disable any more.</param>
    /// <param name="stop">Ends the waiting, unrecorded.</param>
    public async Task<bool> RecordAsync(FinishedAttempt attempt, Func<FinishedAttempt, Task<bool>> record, CancellationToken stop)
    {
        var isInDoubt = false;
        // Locks the subscription before the delivery, as a closing of the lane does. Until the commit nobody sees it disabled, so that
        // the canceler does not come first.
        var claimed = subscriptions.IsDisabled(attempt.Delivery) ? null : await subscriptions.DisableAsync(
            attempt.Delivery,
            attempt.Request.Url,
            async (connection, token) => (await attempts.AddAsync(connection, [attempt], token)).Claimed[0],
            () => isInDoubt = true,
            stop);

        // As with other attempts: the answer to the commit of an earlier try may have been lost.
        return (claimed ?? await record(attempt)) || isInDoubt;
    }
}
