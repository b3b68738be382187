using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Broker.Topology;
using Webhooks.Database.Auditing;
using Webhooks.Local.Provisioning;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.TestKit;

/// <summary>What one of our services finds around it: a virtual host and a database of the test's own, and those who use both.</summary>
public abstract class Surroundings : IAsyncDisposable
{
    public const string Tenant = "tenant_001";
    public const string Secret = "whsec_test_secret_0123456789";

    // As long as may be: no attempt is to end because a busy machine answers late.
    private static readonly TimeSpan LongTimeout = TimeSpan.FromSeconds(30);

    private readonly string _rabbitMq;
    private readonly RabbitMqServer? _broker;
    private readonly List<ServiceHost> _services = [];

    /// <param name="rabbitMq">AMQP URI of an empty virtual host.</param>
    /// <param name="postgres">Connection string of a migrated database.</param>
    /// <param name="broker">Whose the virtual host is; the test process's when null.</param>
    protected Surroundings(string rabbitMq, string postgres, RabbitMqServer? broker = null)
    {
        (_rabbitMq, _broker, Postgres) = (rabbitMq, broker, new NpgsqlConnectionStringBuilder(postgres));
        // A busy machine may take minutes for a hundred thousand rows.
        Database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Timeout = 120, CommandTimeout = 300 });
        var keys = new SecretKeyOptions { SecretKeyId = "test" };
        keys.SecretKeys["test"] = Convert.ToBase64String(new byte[32]);
        Vault = new SecretVault(Options.Create(keys));
        Subscriptions = new SubscriptionStore(Database, Vault, TimeProvider.System);
    }

    /// <summary>A neighbour that publishes and looks into queues.</summary>
    public AmqpPeer Bus { get; private set; } = null!;

    public NpgsqlConnectionStringBuilder Postgres { get; }

    public NpgsqlDataSource Database { get; }

    public SubscriptionStore Subscriptions { get; }

    public SecretVault Vault { get; }

    /// <summary>What a service is configured with; later ones win.</summary>
    public virtual IEnumerable<KeyValuePair<string, string>> Settings(params (string Key, string Value)[] more) =>
        new (string Key, string Value)[]
            {
                ("ConnectionStrings:RabbitMq", _rabbitMq),
                ("ConnectionStrings:Postgres", Postgres.ConnectionString),
                ("Webhooks:SecretKeys:test", Convert.ToBase64String(new byte[32])),
                ("Webhooks:SecretKeyId", "test"),
            }
            .Concat(more).Select(setting => KeyValuePair.Create(setting.Key, setting.Value));

    /// <summary>The setting that leads a service to PostgreSQL over something in between.</summary>
    public (string Key, string Value) PostgresAt(int port) =>
        ("ConnectionStrings:Postgres", new NpgsqlConnectionStringBuilder(Postgres.ConnectionString) { Port = port }.ConnectionString);

    /// <summary>The setting that leads a service to RabbitMQ over something in between.</summary>
    public (string Key, string Value) RabbitMqAt(int port) => ("ConnectionStrings:RabbitMq", new UriBuilder(_rabbitMq) { Port = port }.Uri.AbsoluteUri);

    /// <summary>After the connections of this virtual host were closed.</summary>
    public async Task ReconnectAsync() => Bus = await AmqpPeer.ConnectAsync(_rabbitMq);

    public async Task CloseConnectionsAsync()
    {
        await (await BrokerAsync()).CloseConnectionsAsync(_rabbitMq);
        await ReconnectAsync();
    }

    /// <summary>From which queues and exchanges may be read, after the connections were closed.</summary>
    public async Task PermitReadingAsync(string pattern) => await (await BrokerAsync()).PermitReadingAsync(_rabbitMq, pattern);

    /// <summary>Handed over and not acknowledged.</summary>
    public async Task<int> UnacknowledgedAsync(string queue) => await (await BrokerAsync()).UnacknowledgedAsync(_rabbitMq, queue);

    /// <summary>As a broker does that was killed right after the queue's declaration.</summary>
    public async Task LoseLeaderAsync(string queue) => await (await BrokerAsync()).LoseLeaderAsync(_rabbitMq, queue);

    public async Task SuspendQueueAsync(string queue) => await (await BrokerAsync()).SuspendQueueAsync(_rabbitMq, queue);

    public async Task ResumeQueueAsync(string queue) => await (await BrokerAsync()).ResumeQueueAsync(_rabbitMq, queue);

    /// <summary>Consumers that were not canceled.</summary>
    public async Task<int> ConsumersAsync() => await (await BrokerAsync()).ConsumersAsync(_rabbitMq);

    public async Task<string> ConnectionsAsync() => await (await BrokerAsync()).ConnectionsAsync(_rabbitMq);

    public Task<Subscription> SubscribeAsync(string tenantId, SubscriptionState state, SubscriptionSettings settings) =>
        Subscriptions.CreateAsync(tenantId, state, settings, Secret, Actor.System, CancellationToken.None);

    public static SubscriptionSettings SettingsFor(string url, params string[] eventTypes) =>
        new() { Url = url, EventTypes = eventTypes, Profile = BuiltInProfiles.Matcher, Timeout = LongTimeout };

    /// <summary>One column of the deliveries in the order of their acceptance.</summary>
    public Task<IReadOnlyList<T>> DeliveriesAsync<T>(string column) => Database.ColumnAsync<T>($"SELECT {column} FROM deliveries ORDER BY seq");

    /// <summary>Nothing is ready in the queue, and nothing in anybody's hands.</summary>
    public async Task<bool> IsEmptyAsync(string queue) => await Bus.CountAsync(queue) == 0 && await UnacknowledgedAsync(queue) == 0;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }

        await Bus.DisposeAsync();
        await Database.DisposeAsync();
        await TestDatabase.DropAsync(Postgres);
        if (_broker is null)
        {
            await TestBroker.DeleteVhostAsync(_rabbitMq);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Makes the virtual host what every service expects.</summary>
    protected async Task PrepareAsync()
    {
        await ReconnectAsync();
        await BrokerTopology.DeclareAsync(Bus.Channel, shards: 1);
    }

    private async Task<RabbitMqServer> BrokerAsync() => _broker ?? await TestBroker.ServerAsync();

    /// <summary>Starts a service, which ends with this at the latest.</summary>
    protected Task<ServiceHost> StartAsync<TBeside>(params (string Key, string Value)[] settings)
        where TBeside : class => StartAsync<TBeside>(clock: null, settings);

    /// <summary>The same with a clock of its own; null: the system's.</summary>
    protected async Task<ServiceHost> StartAsync<TBeside>(TimeProvider? clock, params (string Key, string Value)[] settings)
        where TBeside : class
    {
        var service = await ServiceHost.StartAsync<TBeside>(Settings(settings), clock);
        _services.Add(service);
        return service;
    }
}
