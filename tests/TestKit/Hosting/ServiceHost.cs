using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Webhooks.Broker;

namespace Webhooks.TestKit;

/// <summary>One of our services as it is, in this process.</summary>
public sealed class ServiceHost : IAsyncDisposable
{
    private readonly IAsyncDisposable _host;
    private readonly CapturedLog _log;

    private ServiceHost(IAsyncDisposable host, IServiceProvider services, CapturedLog log)
    {
        (_host, Services, _log) = (host, services, log);
        Ended = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped;
    }

    public IServiceProvider Services { get; }

    /// <summary>Is canceled when the service has ended, by a stop or by a fault of its own.</summary>
    public CancellationToken Ended { get; }

    /// <summary>What it says of the fault that ends it; null: there is none.</summary>
    public string? FatalFault => _log.Lines.FirstOrDefault();

    /// <summary>Starts it and waits until it could publish.</summary>
    /// <typeparam name="TBeside">Any type of the service: its Program is found beside it.</typeparam>
    /// <param name="settings">Configuration keys, with colons; later ones win.</param>
    /// <param name="clock">A dispatcher's own, which may be wrong; null: the system's.</param>
    public static async Task<ServiceHost> StartAsync<TBeside>(IEnumerable<KeyValuePair<string, string>> settings, TimeProvider? clock = null)
        where TBeside : class
    {
        var log = new CapturedLog(LogLevel.Critical);
        var host = new Host<TBeside>(settings, log, clock);
        await Task.Run(host.StartServer);
        var links = host.Services.GetRequiredService<BrokerLinks>();
        await Eventually.TrueAsync(() => links.IsReady, TimeSpan.FromMinutes(5), "a service that is ready");
        return new ServiceHost(host, host.Services, log);
    }

    /// <summary>Stops it as SIGTERM does: it finishes what it has in hand. May be repeated.</summary>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private sealed class Host<TBeside>(IEnumerable<KeyValuePair<string, string>> settings, CapturedLog log, TimeProvider? clock) : ServiceFactory<TBeside>(settings)
        where TBeside : class
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            base.ConfigureWebHost(builder);
            builder.ConfigureLogging(logging => logging.AddProvider(log));
            if (clock is not null)
            {
                builder.ConfigureServices(services => services.AddKeyedSingleton("wall", clock));
            }
        }
    }
}
