using Webhooks.CallbackIngest.Callbacks;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>Reserves and completes keys, in groups. Started before and stopped after the requests: what they began is still to be written.</summary>
internal sealed class KeyKeeper(KeyStore keys, CompletionStore completions, TimeProvider clock) : IHostedService
{
    private readonly GroupCommit<IncomingCallback, KeyOutcome> _reserving = new(keys.ReserveAsync, clock);
    private readonly GroupCommit<Completion, bool> _completing = new(completions.WriteAsync, clock);
    private Task _writing = Task.CompletedTask;

    public Task<KeyOutcome> ReserveAsync(IncomingCallback callback, CancellationToken gaveUp) => _reserving.AddAsync(callback, gaveUp);

    public Task CompleteAsync(Completion completion) => _completing.AddAsync(completion, CancellationToken.None);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _writing = Task.WhenAll(Task.Run(_reserving.RunAsync, CancellationToken.None), Task.Run(_completing.RunAsync, CancellationToken.None));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _reserving.Complete();
        _completing.Complete();
        return _writing.WaitAsync(cancellationToken);
    }
}
