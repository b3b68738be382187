using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Outages;

/// <summary>A neighbour that publishes events in the order of their numbers, over one channel, until it is told to stop.</summary>
internal sealed class OrderlyNeighbour
{
    private const int InFlight = 50;

    private readonly World _world;
    private readonly Task _publishing;
    private volatile int _published;
    private volatile int _last = int.MaxValue;

    private OrderlyNeighbour(World world)
    {
        _world = world;
        _publishing = Task.Run(PublishAsync);
    }

    public static OrderlyNeighbour Of(World world) => new(world);

    /// <summary>So many are in the queue or further.</summary>
    public int Published => _published;

    /// <summary>Publishes so many more, then no more.</summary>
    public async Task StopAsync(int more)
    {
        _last = _published + more;
        await _publishing;
    }

    /// <summary>Waits until all is accepted, and fails unless that was in order and each once.</summary>
    public async Task AssertAcceptedInOrderAsync()
    {
        await _world.SettledAsync();
        var accepted = await _world.DeliveriesAsync<string>("event_id");
        var overtaken = accepted.Zip(accepted.Skip(1)).Where(pair => Number(pair.First) + 1 != Number(pair.Second)).Select(pair => $"{pair.First} -> {pair.Second}").ToList();
        Assert.True(overtaken.Count == 0, $"{overtaken.Count} events do not follow their predecessor: {string.Join(", ", overtaken.Take(20))}");
        Assert.Equal(Published, accepted.Count);
        Assert.Equal("evt_0", accepted[0]);
    }

    private static int Number(string eventId) => int.Parse(eventId["evt_".Length..]);

    private async Task PublishAsync()
    {
        var unconfirmed = new Queue<Task>();
        for (var number = 0; number < _last; number++)
        {
            var given = TestEvent.Create(World.Tenant, "a.b", $"evt_{number}");
            var properties = new BasicProperties { Persistent = true, ContentType = "application/json" };
            unconfirmed.Enqueue(_world.Bus.Channel.BasicPublishAsync(BrokerNames.EventsExchange, given.Type, mandatory: true, properties, given.Body).AsTask());
            if (unconfirmed.Count == InFlight)
            {
                await unconfirmed.Dequeue();
            }

            _published = number + 1;
        }

        await Task.WhenAll(unconfirmed);
    }
}
