using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Webhooks.ServiceDefaults.Ending;
using Webhooks.TestKit;

namespace Webhooks.ServiceDefaults.Tests.Ending;

public sealed class ServiceRunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly CapturedLog _log = new(LogLevel.Warning);

    [Fact]
    public async Task A_stop_while_it_starts_ends_it_without_an_error()
    {
        var slow = new SlowStart();
        var app = Build(services => services.AddHostedService(_ => slow));
        var running = app.RunServiceAsync();
        await slow.Begun.WaitAsync(Limit, TestContext.Current.CancellationToken);

        app.Lifetime.StopApplication();
        Assert.Equal(0, await running.WaitAsync(Limit, TestContext.Current.CancellationToken));

        Assert.True(slow.IsStopped);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task A_start_that_fails_is_an_error()
    {
        var app = Build(services => services.AddHostedService(_ => new SlowStart { Fault = new InvalidOperationException("It cannot be.") }));

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => app.RunServiceAsync().WaitAsync(Limit, TestContext.Current.CancellationToken));

        Assert.Equal("It cannot be.", fault.Message);
        Assert.StartsWith("Error", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_background_service_that_fails_ends_it_and_the_exit_code_tells()
    {
        var app = Build(services => services.AddHostedService<Failing>());

        Assert.Equal(1, await app.RunServiceAsync().WaitAsync(Limit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task It_is_known_whose_stop_is_waited_for()
    {
        var app = Build(services => services.AddHostedService<First>().AddHostedService(_ => new Second()));
        var progress = app.Services.GetRequiredService<StopProgress>();
        First.SeenBy = Second.SeenBy = () => progress.Present;
        var running = app.RunServiceAsync();
        await Eventually.TrueAsync(() => app.Lifetime.ApplicationStarted.IsCancellationRequested, Limit, "the start");

        app.Lifetime.StopApplication();
        await running.WaitAsync(Limit, TestContext.Current.CancellationToken);

        Assert.Equal($"the stop of {typeof(First)}", First.Saw);
        Assert.Equal($"the stop of {typeof(Second)}", Second.Saw);
    }

    private WebApplication Build(Action<IServiceCollection> add)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        builder.Logging.AddProvider(_log);
        add(builder.Services);
        return builder.Build();
    }

    private sealed class Failing : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.FromException(new InvalidOperationException("It cannot go on."));
    }

    private sealed class SlowStart : IHostedService
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public bool IsStopped { get; private set; }

        public Exception? Fault { get; init; }

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            _begun.SetResult();
            await (Fault is { } fault ? Task.FromException(fault) : Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            IsStopped = true;
            return Task.CompletedTask;
        }
    }

    private sealed class First : IHostedService
    {
        public static Func<string> SeenBy { get; set; } = () => "";

        public static string Saw { get; private set; } = "";

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Saw = SeenBy();
            return Task.CompletedTask;
        }
    }

    private sealed class Second : IHostedService
    {
        public static Func<string> SeenBy { get; set; } = () => "";

        public static string Saw { get; private set; } = "";

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Saw = SeenBy();
            return Task.CompletedTask;
        }
    }
}
