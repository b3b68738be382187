using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Measuring;

/// <summary>
/// The running system between a source of events and their receiver, and the one way in which a passage of events through it is
/// measured.
/// </summary>
internal sealed class Bench : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // Duplicates come after the first copies.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private readonly LoadOptions _options;
    private readonly Dictionary<string, int[]> _processes;

    private Bench(LoadOptions options, RunningSystem system, Receiver receiver)
    {
        (_options, System, Receiver) = (options, system, receiver);
        Source = new EventSource(system.Amqp);
        Subscriptions = new LoadSubscriptions(system, options.Profile);
        _processes = new Dictionary<string, int[]>(system.Processes, StringComparer.Ordinal);
    }

    public RunningSystem System { get; }

    public Receiver Receiver { get; }

    public EventSource Source { get; }

    public LoadSubscriptions Subscriptions { get; }

    public static async Task<Bench> StartAsync(LoadOptions options, CancellationToken cancellationToken, Misbehaviour? misbehaviour = null)
    {
        var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        return new Bench(options, system, await Receiver.StartAsync(options.Fanout, cancellationToken, misbehaviour));
    }

    /// <summary>A subscription for each copy of an event, and events until the just-in-time compiler has done most of its work.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        await Subscriptions.ReplaceAsync(Enumerable.Range(0, _options.Fanout).Select(number => new Wanted(Receiver.Url(number))), cancellationToken);
        Progress.Tell($"warming up with {_options.WarmupEvents} events, fan-out {_options.Fanout}");
        await PassAsync(Events("warm", _options.WarmupEvents), cancellationToken);
    }

    /// <summary>So many events, each of which the receiver awaits from each subscription.</summary>
    public Tally Events(string prefix, int count) => new(prefix, count, _options.Fanout);

    /// <summary>Measures the CPU of one more process, too.</summary>
    public void Watch(string name, int processId) => _processes.Add(name, [processId]);

    public ProcessCosts Costs() => ProcessCosts.Of(_processes);

    /// <summary>Publishes and waits until all that is awaited has come, or nothing has for five minutes.</summary>
    /// <param name="tally">Says which events, and keeps the count.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="rate">Events a second; 0: as fast as the broker confirms.</param>
    /// <param name="source">Null: the platform's.</param>
    public async Task PassAsync(Tally tally, CancellationToken cancellationToken, double rate = 0, EventSource? source = null)
    {
        Receiver.Expect(tally);
        await AwaitAsync(tally, (source ?? Source).PublishAsync(tally, rate, cancellationToken), cancellationToken);
    }

    /// <summary>Waits for what is being published, or was.</summary>
    public static async Task AwaitAsync(Tally tally, Task publishing, CancellationToken cancellationToken)
    {
        await tally.WhenAllArrivedAsync(publishing, Patience, received => Progress.Tell($"  {received} of {tally.Expected} received"), cancellationToken);
        await publishing;
        await tally.WhenQuietAsync(Silence, cancellationToken);
    }

    /// <summary><see cref="PassAsync"/>, and what it cost.</summary>
    /// <param name="what">For the progress.</param>
    public async Task<Side> MeasureAsync(string what, Tally tally, CancellationToken cancellationToken, double rate = 0, EventSource? source = null)
    {
        Progress.Tell($"{what}: {tally.Events} events{(rate > 0 ? $", {rate:0} a second" : "")}");
        using var measurement = new Measurement(this);
        await PassAsync(tally, cancellationToken, rate, source);
        return measurement.End(tally, tally.Duration);
    }

    public async ValueTask DisposeAsync()
    {
        Subscriptions.Dispose();
        await Source.DisposeAsync();
        await Receiver.DisposeAsync();
        await System.DisposeAsync();
    }
}
