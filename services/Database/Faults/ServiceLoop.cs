using Microsoft.Extensions.Hosting;

namespace Webhooks.Database.Faults;

/// <summary>
/// A background service whose stop waits for no server that says nothing. Npgsql asks such a server on the very thread that cancels to
/// give the statement up, and waits for its goodbye without a limit; nor does the statement end before that.
/// </summary>
public abstract class ServiceLoop : BackgroundService
{
    private readonly TaskCompletionSource _leftBehind = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the host watches. What a loop that was left behind comes to is nobody's concern.</summary>
    public override Task? ExecuteTask => base.ExecuteTask is { } running ? Task.WhenAny(running, _leftBehind.Task).Unwrap() : null;

    /// <summary>How long the stop waits, within the shutdown's time. After it the loop is left behind, and ends with the process.</summary>
    protected virtual TimeSpan StopPatience => TimeSpan.FromSeconds(3);

    /// <summary>After the stop: it still runs, and does what it was doing.</summary>
    protected bool IsLeftBehind => base.ExecuteTask is { IsCompleted: false };

    /// <summary>Starts it. Whoever cancels the start does not end it: what was started is stopped, each in its turn.</summary>
    public override Task StartAsync(CancellationToken cancellationToken) => base.StartAsync(CancellationToken.None);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var stopping = Task.Run(() => base.StopAsync(cancellationToken), CancellationToken.None);
        await stopping.WaitAsync(StopPatience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _leftBehind.TrySetResult();
    }
}
