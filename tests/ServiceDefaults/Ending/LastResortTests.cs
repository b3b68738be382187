using Microsoft.Extensions.Logging;
using Webhooks.ServiceDefaults.Ending;
using Webhooks.TestKit;

namespace Webhooks.ServiceDefaults.Tests.Ending;

public sealed class LastResortTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly CapturedLog _log = new();
    private readonly StopProgress _progress = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_stop_that_hangs_is_told_and_ended()
    {
        using var lastResort = Watch(TimeSpan.FromMilliseconds(100));
        _progress.Reached("the stop of Somebody");
        using var never = new ManualResetEventSlim();
        // Whoever is told before us may never return.
        await using var hangs = _stopping.Token.Register(never.Wait);
        var telling = Task.Run(_stopping.Cancel, TestContext.Current.CancellationToken);

        await _killed.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);

        Assert.Contains("it hangs in the stop of Somebody", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.StartsWith("Error", Assert.Single(_log.Lines), StringComparison.Ordinal);
        never.Set();
        await telling;
    }

    [Fact]
    public async Task A_stop_that_ends_is_left_alone()
    {
        // Long enough for a busy machine to have ended it.
        using (Watch(TimeSpan.FromSeconds(10)))
        {
            await _stopping.CancelAsync();
        }

        // Another one, that begins later and is as patient, has killed by now.
        using var hanging = new LastResort(TimeSpan.FromSeconds(11), _progress, new LoggerFactory(), () => _killed.TrySetResult(), _stopping.Token);
        await _killed.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Empty(_log.Lines);
    }

    private LastResort Watch(TimeSpan longest) =>
        new(longest, _progress, LoggerFactory.Create(logging => logging.AddProvider(_log)), () => _killed.TrySetResult(), _stopping.Token);
}
