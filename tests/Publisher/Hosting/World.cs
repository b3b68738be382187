using RabbitMQ.Client;
using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests;

/// <summary>What a publisher finds around it, what is published to it and what it announces.</summary>
public sealed class World : Surroundings
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private World(string rabbitMq, string postgres, OwnBroker? broker)
        : base(rabbitMq, postgres, broker?.Server)
    {
    }

    /// <param name="postgres">An empty database; one of its own when null.</param>
    /// <param name="broker">Where its virtual host is; in the test process's when null.</param>
    public static async Task<World> CreateAsync(string? postgres = null, OwnBroker? broker = null)
    {
        var rabbitMq = await (broker is null ? TestBroker.CreateVhostAsync() : broker.CreateVhostAsync());
        var world = new World(rabbitMq, await (postgres is null ? TestDatabase.CreateMigratedAsync() : TestDatabase.MigrateAsync(postgres)), broker);
        await world.PrepareAsync();
        return world;
    }

    public Task<ServiceHost> StartPublisherAsync(params (string Key, string Value)[] settings) => StartAsync<PublisherOptions>(settings);

    public Task<Subscription> SubscribeAsync(params string[] eventTypes) => SubscribeAsync(Tenant, SubscriptionState.Active, eventTypes);

    public Task<Subscription> SubscribeAsync(string tenantId, SubscriptionState state, params string[] eventTypes) =>
        SubscribeAsync(tenantId, state, SettingsFor("https://receiver.example/hook", eventTypes));

    /// <summary>As many subscriptions as would take too long one by one; for a publisher that is not there yet. Answers their ids.</summary>
    public async Task<IReadOnlyList<Guid>> SubscribeManyAsync(int count, string eventType, string? filter = null)
    {
        var template = await SubscribeAsync("nothing");
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        await Database.ExecuteAsync(
            "INSERT INTO subscriptions (id, tenant_id, state, revision, config_version, created_at, updated_at) SELECT unnest($1::uuid[]), 'tenant_001', 'active', 1, 5, now(), now()", ids);
        await Database.ExecuteAsync(
            "INSERT INTO subscription_revisions (subscription_id, revision, url, event_types, profile, filter, created_at) SELECT unnest($1::uuid[]), 1, 'https://receiver.example', ARRAY[$2], 'matcher', nullif($3, ''), now()",
            ids, eventType, filter ?? "");
        await Database.ExecuteAsync(
            "INSERT INTO subscription_secrets (subscription_id, number, key_id, ciphertext, created_at) SELECT unnest($1::uuid[]), 1, 'test', unnest($2::bytea[]), now()",
            ids, ids.Select(id => Vault.Seal(id, template.SigningSecret).Ciphertext).ToArray());
        await Database.ExecuteAsync("UPDATE settings SET value = 5 WHERE name = 'config_version'");
        return ids;
    }

    public Task PublishAsync(TestEvent given, BasicProperties? properties = null) =>
        Bus.PublishAsync(BrokerNames.EventsExchange, given.Type, given.Body, properties);

    /// <summary>Waits until the queue is empty and every message is acknowledged.</summary>
    public Task SettledAsync() => Eventually.TrueAsync(() => IsEmptyAsync(BrokerNames.PublisherQueue), Limit, "every event to be acknowledged");

    /// <summary>Waits until so many deliveries of a shard are announced, and takes the messages that do so.</summary>
    public async Task<IReadOnlyList<DeliveryMessage>> AnnouncementsAsync(int count, int shard = 0)
    {
        var announced = new List<DeliveryMessage>();
        while (announced.Count < count)
        {
            announced.AddRange(Read(await Bus.TakeAsync(BrokerNames.DeliveriesQueue(shard))));
        }

        return announced;
    }

    /// <summary>Takes all messages of a shard that are there, and tells which deliveries they announce.</summary>
    public async Task<IReadOnlyList<DeliveryMessage>> AnnouncedAsync(int shard = 0) =>
        [.. (await Bus.DrainAsync(BrokerNames.DeliveriesQueue(shard))).SelectMany(Read)];

    private static IReadOnlyList<DeliveryMessage> Read(BasicGetResult taken) => Announcement.Read(taken.Body.Span, out var fault) ?? throw new InvalidOperationException(fault);
}
