using Webhooks.CallbackIngest.Callbacks;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>Reserves and completes keys, in groups. Started before and stopped after the requests: what they began is still to be written.</summary>
internal sealed class KeyKeeper(KeyStore keys, CompletionStore completions, UnsettledKeys unsettled, TimeProvider clock) : IHostedService
{
    private const string InDoubt = "The database did not say whether the key was reserved, and the command was not published.";

    private readonly GroupCommit<IncomingCallback, KeyOutcome> _reserving = new(keys.ReserveAsync, callback => unsettled.Add(new Completion(callback, InDoubt)), clock);
    private readonly GroupCommit<Completion, bool> _completing = new(completions.WriteAsync, unsettled.Add, clock);
    private Task _writing = Task.CompletedTask;

    /// <summary>What the key says. Its commit may have got through although it failed: then the key is given back, so that the next try has it.</summary>
    public Task<KeyOutcome> ReserveAsync(IncomingCallback callback, CancellationToken gaveUp) => _reserving.AddAsync(callback, gaveUp);

    /// <summary>Says how it ended; once more when the database answers again, if it could not be written.</summary>
    public async Task CompleteAsync(Completion completion)
    {
        try
        {
            await _completing.AddAsync(completion, CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            // It ended after the last group, whose time was the stop.
            unsettled.Add(completion);
            throw;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _writing = Task.WhenAll(Task.Run(_reserving.RunAsync, CancellationToken.None), Task.Run(_completing.RunAsync, CancellationToken.None));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _reserving.Complete();
        _completing.Complete();
        // What the shutdown has no time for, the lease does.
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_writing.IsFaulted)
        {
            await _writing;
        }
    }
}
