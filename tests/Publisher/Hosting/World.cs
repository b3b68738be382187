using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Migrations;
using Webhooks.Database.Partitions;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests;

/// <summary>What a publisher finds around it: a virtual host and a database of the test's own, and those who use both.</summary>
public sealed class World : IAsyncDisposable
{
    public const string Tenant = "tenant_001";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _rabbitMq;
    private readonly List<PublisherHost> _publishers = [];

    private World(string rabbitMq, string postgres)
    {
        (_rabbitMq, Postgres) = (rabbitMq, new NpgsqlConnectionStringBuilder(postgres));
        Database = NpgsqlDataSource.Create(postgres);
        var keys = new SecretKeyOptions { SecretKeyId = "test" };
        keys.SecretKeys["test"] = Convert.ToBase64String(new byte[32]);
        Vault = new SecretVault(Options.Create(keys));
        Subscriptions = new SubscriptionStore(Database, Vault, TimeProvider.System);
    }

    /// <summary>A neighbour that publishes events and looks into queues.</summary>
    public AmqpPeer Bus { get; private set; } = null!;

    public NpgsqlConnectionStringBuilder Postgres { get; }

    public NpgsqlDataSource Database { get; }

    public SubscriptionStore Subscriptions { get; }

    public SecretVault Vault { get; }

    public static async Task<World> CreateAsync()
    {
        var world = new World(await TestBroker.CreateVhostAsync(), await TestDatabase.CreateAsync());
        await new Migrator(world.Database, NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
        await new DayPartitions(world.Database, TimeProvider.System).EnsureAsync(CancellationToken.None);
        await world.ReconnectAsync();
        await BrokerTopology.DeclareAsync(world.Bus.Channel, shards: 1);
        return world;
    }

    /// <summary>What a publisher is configured with; later ones win.</summary>
    public IEnumerable<KeyValuePair<string, string>> Settings(params (string Key, string Value)[] more) =>
        new (string Key, string Value)[]
            {
                ("ConnectionStrings:RabbitMq", _rabbitMq),
                ("ConnectionStrings:Postgres", Postgres.ConnectionString),
                ("Webhooks:SecretKeys:test", Convert.ToBase64String(new byte[32])),
                ("Webhooks:SecretKeyId", "test"),
            }
            .Concat(more).Select(setting => KeyValuePair.Create(setting.Key, setting.Value));

    internal async Task<PublisherHost> StartPublisherAsync(params (string Key, string Value)[] settings)
    {
        var publisher = await PublisherHost.StartAsync(Settings(settings));
        _publishers.Add(publisher);
        return publisher;
    }

    /// <summary>After the connections of this virtual host were closed.</summary>
    public async Task ReconnectAsync() => Bus = await AmqpPeer.ConnectAsync(_rabbitMq);

    public async Task CloseConnectionsAsync()
    {
        await (await TestBroker.ServerAsync()).CloseConnectionsAsync(_rabbitMq);
        await ReconnectAsync();
    }

    /// <summary>Handed over and not acknowledged.</summary>
    public async Task<int> UnacknowledgedAsync(string queue) => await (await TestBroker.ServerAsync()).UnacknowledgedAsync(_rabbitMq, queue);

    /// <summary>Consumers that were not canceled.</summary>
    public async Task<int> ConsumersAsync() => await (await TestBroker.ServerAsync()).ConsumersAsync(_rabbitMq);

    public async Task<string> ConnectionsAsync() => await (await TestBroker.ServerAsync()).ConnectionsAsync(_rabbitMq);

    public Task<Subscription> SubscribeAsync(params string[] eventTypes) => SubscribeAsync(Tenant, SubscriptionState.Active, eventTypes);

    public Task<Subscription> SubscribeAsync(string tenantId, SubscriptionState state, params string[] eventTypes) => Subscriptions.CreateAsync(
        tenantId, state,
        new SubscriptionSettings { Url = "https://receiver.example/hook", EventTypes = eventTypes, Profile = BuiltInProfiles.Matcher },
        "whsec_test_secret_0123456789", CancellationToken.None);

    public Task PublishAsync(TestEvent given, BasicProperties? properties = null) =>
        Bus.PublishAsync(BrokerNames.EventsExchange, given.Type, given.Body, properties);

    /// <summary>Waits until the queue is empty and every message is acknowledged.</summary>
    public Task SettledAsync() => Eventually.TrueAsync(
        async () => await Bus.CountAsync(BrokerNames.PublisherQueue) == 0 && await UnacknowledgedAsync(BrokerNames.PublisherQueue) == 0,
        Limit, "every event to be acknowledged");

    /// <summary>Waits for so many announcements of a shard and takes them.</summary>
    public async Task<IReadOnlyList<DeliveryMessage>> AnnouncementsAsync(int count, int shard = 0) =>
        [.. (await Bus.TakeAsync(BrokerNames.DeliveriesQueue(shard), count)).Select(Read)];

    /// <summary>Takes all announcements of a shard that are there.</summary>
    public async Task<IReadOnlyList<DeliveryMessage>> AnnouncedAsync(int shard = 0) =>
        [.. (await Bus.DrainAsync(BrokerNames.DeliveriesQueue(shard))).Select(Read)];

    /// <summary>One column of the deliveries in the order of their acceptance.</summary>
    public Task<IReadOnlyList<T>> DeliveriesAsync<T>(string column) => Database.ColumnAsync<T>($"SELECT {column} FROM deliveries ORDER BY seq");

    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in _publishers)
        {
            await publisher.DisposeAsync();
        }

        await Bus.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static DeliveryMessage Read(BasicGetResult taken) =>
        DeliveryMessage.Read(taken.Body.Span) ?? throw new InvalidOperationException($"No delivery message: {Encoding.UTF8.GetString(taken.Body.Span)}");
}
