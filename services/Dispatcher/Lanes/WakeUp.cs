namespace Webhooks.Dispatcher.Lanes;

/// <summary>Lets a loop wait for news or for a time, whichever comes first.</summary>
internal sealed class WakeUp(TimeProvider clock)
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set() => Volatile.Read(ref _next).TrySetResult();

    /// <summary>Whoever waits looks at everything anew afterwards: news that came while it was awake ends the next wait at once.</summary>
    public async Task WaitAsync(TimeSpan atMost)
    {
        await Volatile.Read(ref _next).Task.WaitAsync(atMost, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Volatile.Write(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
