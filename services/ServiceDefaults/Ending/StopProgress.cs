using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Webhooks.ServiceDefaults.Ending;

/// <summary>Knows how far a service has come with its end, so that one that hangs can be put down to somebody.</summary>
internal sealed class StopProgress
{
    private volatile string _present = "the start";
    private volatile bool _isStarting;
    private CancellationToken _stopping;

    /// <summary>What the end waits for, as an operator reads it.</summary>
    public string Present => _present;

    /// <summary>A stop was asked for, and the start has not ended yet.</summary>
    public bool CutsTheStart => _isStarting && _stopping.IsCancellationRequested;

    /// <param name="stopping">Told when a stop is asked for.</param>
    public void Starting(CancellationToken stopping) => (_stopping, _isStarting) = (stopping, true);

    public void Started() => _isStarting = false;

    public void Reached(string what) => _present = what;

    /// <summary>Services are stopped from the last to the first: behind each stands one that only notes whose turn it is.</summary>
    public void Follow(IServiceCollection services)
    {
        for (var place = services.Count - 1; place >= 0; place--)
        {
            if (services[place].ServiceType == typeof(IHostedService))
            {
                services.Insert(place + 1, ServiceDescriptor.Singleton<IHostedService>(new Note(this, NameOf(services[place]))));
            }
        }
    }

    // A factory's type names what it makes.
    private static string NameOf(ServiceDescriptor hosted) =>
        (hosted.ImplementationType ?? hosted.ImplementationInstance?.GetType() ?? hosted.ImplementationFactory!.GetType().GenericTypeArguments[1]).ToString();

    private sealed class Note(StopProgress progress, string name) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            progress.Reached($"the stop of {name}");
            return Task.CompletedTask;
        }
    }
}
