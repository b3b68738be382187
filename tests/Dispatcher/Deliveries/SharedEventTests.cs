using System.Text;
using Webhooks.Broker.Deliveries;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

/// <summary>However many deliveries of an event are in hand, its bytes are in memory once.</summary>
public sealed class SharedEventTests : IAsyncLifetime
{
    private static readonly string Large = $$"""{"text":"{{new string('x', 100_000)}}"}""";

    private World _world = null!;
    private IReadOnlyList<Subscription> _subscriptions = null!;
    private DeliveryStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _subscriptions = await _world.SubscribeAsync(World.Tenant, World.SettingsFor("https://receiver.example/", "*"), count: 5);
        _store = new DeliveryStore(_world.Database);
    }

    [Fact]
    public async Task Deliveries_that_are_looked_at_together_share_it()
    {
        var (one, other) = (await _world.AcceptAsync(_subscriptions, """{"number":1}"""), await _world.AcceptAsync(_subscriptions, """{"number":2}"""));
        // As if of another tenant, and accepted at the same moment.
        await _world.Database.ExecuteAsync("INSERT INTO events SELECT created_at, 'tenant_002', event_id, type, occurred_at, version, context_id, '{}' FROM events WHERE event_id = $1", one[0].EventId);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET tenant_id = 'tenant_002' WHERE id = $1", one[4].Id);

        var events = await LookAsync([.. one, .. other]);

        Assert.Equal(3, events.ToHashSet(ReferenceEqualityComparer.Instance).Count);
        Assert.Equal(
            [.. Enumerable.Repeat("""{"number":1}""", 4), "{}", .. Enumerable.Repeat("""{"number":2}""", 5)],
            events.Select(shared => Encoding.UTF8.GetString(shared.Data.Span)));
    }

    [Fact]
    public async Task A_large_one_is_shared_by_whatever_has_it_in_hand()
    {
        var accepted = await _world.AcceptAsync(_subscriptions, Large);
        var replays = await _world.AcceptAsync(_subscriptions);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET event_created_at = $1, event_id = $2 WHERE created_at = $3", accepted[0].CreatedAt.UtcDateTime, accepted[0].EventId, replays[0].CreatedAt.UtcDateTime);

        List<AcceptedEvent> events = [.. await LookAsync(accepted.Take(2)), .. await LookAsync(accepted.Skip(2)), .. await LookAsync(replays)];

        Assert.Equal(10, events.Count);
        Assert.Single(events.ToHashSet(ReferenceEqualityComparer.Instance));
        Assert.Equal(Large, Encoding.UTF8.GetString(events[0].Data.Span));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task<IReadOnlyList<AcceptedEvent>> LookAsync(IEnumerable<Accepted> accepted)
    {
        List<DeliveryMessage> messages = [.. accepted.Select(one => new DeliveryMessage(one.Id, one.CreatedAt, Number: 1, one.CreatedAt, Traceparent: null))];
        var looked = await _store.LookUpAsync(messages, CancellationToken.None);
        return [.. messages.Select(message => looked.Rows[message.DeliveryId].Event)];
    }
}
