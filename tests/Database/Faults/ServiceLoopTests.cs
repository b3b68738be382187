using Webhooks.Database.Faults;

namespace Webhooks.Database.Tests.Faults;

public sealed class ServiceLoopTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_stop_does_not_wait_for_whoever_holds_up_the_cancellation()
    {
        using var goodbye = new ManualResetEventSlim();
        using var loop = new Loop(async stop =>
        {
            // As Npgsql does with a server that says nothing.
            await using var registration = stop.Register(goodbye.Wait);
            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
        });
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await loop.Begun.WaitAsync(Limit, TestContext.Current.CancellationToken);

        await loop.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);

        Assert.True(loop.ExecuteTask!.IsCompletedSuccessfully);
        Assert.True(loop.IsLeft);
        goodbye.Set();
    }

    [Fact]
    public async Task Who_cancels_the_start_does_not_end_what_was_started()
    {
        using var starting = new CancellationTokenSource();
        using var loop = new Loop(stop => Task.Delay(Timeout.InfiniteTimeSpan, stop));
        await loop.StartAsync(starting.Token);
        await loop.Begun.WaitAsync(Limit, TestContext.Current.CancellationToken);

        await starting.CancelAsync();
        Assert.False(loop.Stop.IsCancellationRequested);

        await loop.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.True(loop.Stop.IsCancellationRequested);
        Assert.False(loop.IsLeft);
    }

    [Fact]
    public async Task The_host_hears_of_a_fault()
    {
        using var loop = new Loop(_ => Task.FromException(new InvalidOperationException("Ours.")));
        await loop.StartAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<InvalidOperationException>(() => loop.ExecuteTask!.WaitAsync(Limit, TestContext.Current.CancellationToken));
    }

    private sealed class Loop(Func<CancellationToken, Task> run) : ServiceLoop
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public bool IsLeft => IsLeftBehind;

        public CancellationToken Stop { get; private set; }

        protected override Task ExecuteAsync(CancellationToken stoppingToken)
        {
            Stop = stoppingToken;
            var running = run(stoppingToken);
            _begun.TrySetResult();
            return running;
        }
    }
}
