using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Broker;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests;

/// <summary>The service as it is, in this process.</summary>
internal sealed class PublisherHost : IAsyncDisposable
{
    private readonly Host _host;

    private PublisherHost(Host host)
    {
        _host = host;
        Ended = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped;
    }

    public IServiceProvider Services => _host.Services;

    /// <summary>Completes when the service has ended, by a stop or by a fault of its own.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Starts it and waits until it could publish.</summary>
    public static async Task<PublisherHost> StartAsync(IEnumerable<KeyValuePair<string, string>> settings)
    {
        var host = new Host(settings);
        host.UseKestrel(0);
        await Task.Run(host.StartServer);
        var links = host.Services.GetRequiredService<BrokerLinks>();
        await Eventually.TrueAsync(() => links.IsReady, TimeSpan.FromSeconds(60), "a publisher that is ready");
        return new PublisherHost(host);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>Program (found by any type beside it), with the test's settings.</summary>
    private sealed class Host(IEnumerable<KeyValuePair<string, string>> settings) : WebApplicationFactory<PublisherOptions>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            foreach (var (key, value) in settings)
            {
                builder.UseSetting(key, value);
            }
        }
    }
}
