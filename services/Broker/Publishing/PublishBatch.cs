namespace Webhooks.Broker.Publishing;

/// <summary>Messages published together; one task tells the outcomes of all.</summary>
internal sealed class PublishBatch(int count, SemaphoreSlim inFlight)
{
    private readonly PublishOutcome[] _outcomes = new PublishOutcome[count];
    private readonly TaskCompletionSource<PublishOutcome[]> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open = count;

    public Task<PublishOutcome[]> Done => _done.Task;

    /// <summary>Called once for each message that took a place in flight.</summary>
    public void Settle(int index, PublishOutcome outcome)
    {
        inFlight.Release();
        SettleUnsent(index, outcome);
    }

    /// <summary>Called instead of <see cref="Settle"/> for a message that was never sent.</summary>
    public void SettleUnsent(int index, PublishOutcome outcome)
    {
        _outcomes[index] = outcome;
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _done.SetResult(_outcomes);
        }
    }
}
