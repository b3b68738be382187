using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Queues;

/// <summary>How much waits is told by one of the fleet, queue by queue.</summary>
public sealed class QueueWatchTests : IAsyncLifetime
{
    private static readonly TimeSpan AnHour = TimeSpan.FromHours(1);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task One_dispatcher_tells_of_each_queue_how_many_messages_wait_and_how_old_they_are()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        var late = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline));
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now()");
        (string, string) grace = ("Webhooks:OwedGrace", "00:00:01");
        using var one = new QueueGauges(await _world.StartDispatcherAsync(grace));
        using var other = new QueueGauges(await _world.StartDispatcherAsync(grace));

        // Nobody publishes in here, so nobody takes them.
        for (var number = 0; number < 7; number++)
        {
            await _world.Bus.PublishAsync("", BrokerNames.PublisherQueue, "{}");
        }

        await _world.Bus.PublishAsync(
            BrokerNames.RetriesExchange,
            Shard.RoutingKeyOf(late[0].SubscriptionId, shards: 1),
            new DeliveryMessage(late[0].Id, late[0].CreatedAt, 2, TimeProvider.System.GetUtcNow() - AnHour, Traceparent: null).ToBytes());

        // First, for it hangs for half a minute.
        await ShowAsync(() => Age(BrokerNames.RetriesQueue(0)) >= AnHour.TotalSeconds && Age(BrokerNames.DeliveriesQueue(0)) < 60, "an hour, and not");
        await ShowAsync(() => Depth(BrokerNames.PublisherQueue) == 7 && Depth(BrokerNames.ParkingQueue) == 0, "7 messages and none");
        await ShowAsync(() => new[] { one.Read().Depths.Count, other.Read().Depths.Count }.Order().SequenceEqual([0, 4]), "all queues of one dispatcher and none of the other");

        receiver.Release();
        await _world.Bus.Channel.QueuePurgeAsync(BrokerNames.PublisherQueue);
        await ShowAsync(() => Age(BrokerNames.RetriesQueue(0)) < 60, "that nothing waits");
        // Without a consumer, too, it looks like one that does not answer.
        await ShowAsync(() => Depth(BrokerNames.PublisherQueue) is null && Depth(BrokerNames.ParkingQueue) == 0, "nothing of an empty queue that nobody consumes");

        Task ShowAsync(Func<bool> shown, string what) => Eventually.TrueAsync(shown, World.Limit, $"the metrics to show {what}");
        long? Depth(string queue) => one.Read().Depths.Concat(other.Read().Depths).Where(told => told.Key == queue).Select(told => (long?)told.Value).SingleOrDefault();
        double? Age(string queue) => one.Read().Ages.Concat(other.Read().Ages).Where(told => told.Key == queue).Select(told => (double?)told.Value).SingleOrDefault();
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>What a dispatcher tells of queues, read as a collector does.</summary>
    private sealed class QueueGauges : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _depths = new();
        private readonly ConcurrentDictionary<string, double> _ages = new();

        public QueueGauges(ServiceHost dispatcher)
        {
            var meters = dispatcher.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name.StartsWith("webhooks.queue.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, messages, tags, _) => _depths[(string)tags[0].Value!] = messages);
            _listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) => _ages[(string)tags[0].Value!] = seconds);
            _listener.Start();
        }

        public (IReadOnlyDictionary<string, long> Depths, IReadOnlyDictionary<string, double> Ages) Read()
        {
            _depths.Clear();
            _ages.Clear();
            _listener.RecordObservableInstruments();
            return (_depths, _ages);
        }

        public void Dispose() => _listener.Dispose();
    }
}
