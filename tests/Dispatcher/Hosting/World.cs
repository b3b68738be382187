using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Retries;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests;

/// <summary>What a dispatcher finds around it, what a publisher leaves for it and what it records.</summary>
public sealed class World : Surroundings
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <summary>For receivers that fail for longer, on a busy machine, than a test would have them.</summary>
    public static readonly (string Key, string Value) NoBreaker = ("Webhooks:Breaker:FailingFor", "01:00:00");

    private static readonly string[] Queues = [BrokerNames.DeliveriesQueue(0), BrokerNames.RetriesQueue(0)];

    private int _events;

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

    /// <summary>Of the special-purpose addresses only our receivers' may be called, as the local runner has it.</summary>
    public override IEnumerable<KeyValuePair<string, string>> Settings(params (string Key, string Value)[] more) =>
        base.Settings([("Webhooks:AllowInsecureUrls", "true"), ("Webhooks:AllowedAddresses", "127.0.0.0/8, ::1"), .. more]);

    public Task<ServiceHost> StartDispatcherAsync(params (string Key, string Value)[] settings) => StartAsync<InFlight>(settings);

    /// <summary>One whose wall clock is its own.</summary>
    public Task<ServiceHost> StartDispatcherAsync(TimeProvider clock, params (string Key, string Value)[] settings) => StartAsync<InFlight>(clock, settings);

    /// <summary>Each dispatcher consumes two queues a shard, and the parking queue.</summary>
    public static int ConsumersOf(int dispatchers, int shards = 1) => dispatchers * ((2 * shards) + 1);

    /// <summary>What was parked and has come into the table, once all has that was parked.</summary>
    public async Task<IReadOnlyList<ParkedMessage>> ParkedAsync()
    {
        await Eventually.TrueAsync(() => IsEmptyAsync(BrokerNames.ParkingQueue), Limit, "the parking queue to be drained");
        return await new ParkedMessages(Database).AllAsync();
    }

    /// <summary>
    /// Has the database refuse the record of each attempt that is answered so: nothing a receiver does makes our code fail, and this stands
    /// for what we did not think of.
    /// </summary>
    /// <param name="statusCode">The answer.</param>
    /// <param name="times">How often, before it takes them.</param>
    public async Task RefuseRecordsAsync(int statusCode = 418, int times = int.MaxValue)
    {
        // A sequence counts what is rolled back, too.
        await Database.ExecuteAsync("CREATE SEQUENCE tries_to_record");
        await Database.ExecuteAsync(
            $"ALTER TABLE attempts ADD CONSTRAINT not_yet CHECK (CASE status_code WHEN {statusCode} THEN nextval('tries_to_record') > {times} ELSE true END)");
    }

    /// <summary>How often the record of such an attempt was tried, within a group of others, too.</summary>
    public Task<long> TriesToRecordAsync() => Database.ScalarAsync<long>("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries_to_record");

    /// <summary>Waits until so many are parked.</summary>
    public Task HaveParkedAsync(int count) => Eventually.TrueAsync(
        async () => await Database.ScalarAsync<long>("SELECT count(*) FROM parked") == count, Limit, $"{count} messages to be parked");

    /// <summary>How many of a tenant's messages the accounts call parked.</summary>
    public Task<long> CountedAsParkedAsync(string tenantId) => Database.ScalarAsync<long>(
        "SELECT coalesce(sum(parked), 0)::bigint FROM (SELECT * FROM accounting_totals UNION ALL SELECT * FROM accounting_deltas) AS counted WHERE tenant_id = $1", tenantId);

    /// <summary>A process of its own, for a test that kills it; returns when it consumes.</summary>
    public async Task<ServiceChild> StartChildAsync(params (string Key, string Value)[] settings)
    {
        var before = await ConsumersAsync();
        var child = await ServiceChild.StartAsync("Dispatcher", Settings(settings));
        await Eventually.TrueAsync(async () => await ConsumersAsync() == before + ConsumersOf(dispatchers: 1), Limit, "the child to consume");
        return child;
    }

    public Task<Subscription> SubscribeAsync(string url, CustomRetry? retry = null, TimeSpan? timeout = null)
    {
        var settings = SettingsFor(url, "*") with { Retry = retry };
        return SubscribeAsync(timeout is null ? settings : settings with { Timeout = timeout });
    }

    public Task<Subscription> SubscribeAsync(SubscriptionSettings settings) => SubscribeAsync(Tenant, SubscriptionState.Active, settings);

    /// <summary>Many alike.</summary>
    public async Task<IReadOnlyList<Subscription>> SubscribeAsync(string tenantId, SubscriptionSettings settings, int count)
    {
        var created = new ConcurrentBag<Subscription>();
        // All creations wait for each other at the configuration's version.
        var few = new ParallelOptions { MaxDegreeOfParallelism = 2 };
        await Parallel.ForAsync(0, count, few, async (_, _) => created.Add(await SubscribeAsync(tenantId, SubscriptionState.Active, settings)));
        return [.. created];
    }

    public async Task<Subscription> ChangeAsync(Subscription subscription, Func<Subscription, Subscription> change)
    {
        await using var started = await Subscriptions.BeginChangeAsync(subscription.Id, tenantId: null, CancellationToken.None);
        return await started!.SaveAsync(change(started.Current), Actor.System, CancellationToken.None);
    }

    /// <summary>Events and their deliveries as a publisher's commit leaves them, evt_1 first; not announced.</summary>
    /// <param name="connection">Null: committed at once.</param>
    public async Task<IReadOnlyList<Accepted>> AcceptAsync(Subscription subscription, int count = 1, string data = "{}", NpgsqlConnection? connection = null)
    {
        const string Accept = """
            WITH event AS (
                INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, data)
                SELECT now() + place * interval '1 microsecond', $1, 'evt_' || ($2 + place), 'a.b', $3, '1.0', $4 FROM generate_series(1, $5) AS place
                RETURNING created_at, tenant_id, event_id, type
            )
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
            SELECT created_at, gen_random_uuid(), tenant_id, event_id, type, $6, $7 FROM event ORDER BY created_at
            RETURNING id, created_at, event_id
            """;
        await using var insert = connection is null ? Database.CreateCommand(Accept) : new NpgsqlCommand(Accept, connection);
        var before = Interlocked.Add(ref _events, count) - count;
        object[] values = [subscription.TenantId, before, TestEvent.Timestamp, Encoding.UTF8.GetBytes(data), count, subscription.Id, subscription.Revision];
        insert.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        await using var row = await insert.ExecuteReaderAsync();
        var accepted = new List<Accepted>(count);
        while (await row.ReadAsync())
        {
            accepted.Add(new Accepted(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), subscription.Id, row.GetString(2)));
        }

        return accepted;
    }

    /// <summary>One event for many subscriptions of a tenant.</summary>
    public async Task<IReadOnlyList<Accepted>> AcceptAsync(IReadOnlyList<Subscription> subscriptions, string data = "{}")
    {
        var first = (await AcceptAsync(subscriptions[0], data: data))[0];
        await using var insert = Database.CreateCommand("""
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
            SELECT delivery.created_at, gen_random_uuid(), delivery.tenant_id, event_id, event_type, subscription.id, subscription.revision
            FROM deliveries AS delivery, subscriptions AS subscription
            WHERE delivery.id = $1 AND subscription.id = ANY($2) AND subscription.id <> subscription_id
            RETURNING id, created_at, subscription_id, event_id
            """);
        insert.Parameters.AddWithValue(first.Id);
        insert.Parameters.AddWithValue(subscriptions.Select(subscription => subscription.Id).ToArray());
        await using var row = await insert.ExecuteReaderAsync();
        var accepted = new List<Accepted>(subscriptions.Count) { first };
        while (await row.ReadAsync())
        {
            accepted.Add(new Accepted(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetGuid(2), row.GetString(3)));
        }

        return accepted;
    }

    /// <summary>The same as a publisher leaves them for a subscription with a lane: in it, and announced by nothing but a word to its holder.</summary>
    public async Task<IReadOnlyList<Accepted>> AcceptIntoLaneAsync(Subscription subscription, int count = 1, string data = "{}")
    {
        var accepted = await AcceptAsync(subscription, count, data);
        await Database.ExecuteAsync(
            "UPDATE deliveries SET lane_due_at = created_at WHERE subscription_id = $1 AND created_at = ANY($2)",
            subscription.Id, accepted.Select(delivery => delivery.CreatedAt.UtcDateTime).ToArray());
        await Database.ExecuteAsync($"SELECT pg_notify('{LaneStatements.Channel}', $1)", subscription.Id.ToString("N"));
        return accepted;
    }

    /// <summary>Waits until somebody holds the subscription's lane; answers who, and under which number.</summary>
    public async Task<(long Holder, long Fence)> HeldAsync(Subscription subscription, long after = 0)
    {
        IReadOnlyList<long> held = [];
        await Eventually.TrueAsync(
            async () => (held = await Database.ColumnAsync<long>(
                "SELECT unnest(ARRAY[holder, fence]) FROM lanes WHERE subscription_id = $1 AND holder IS NOT NULL AND fence > $2", subscription.Id, after)).Count == 2,
            Limit, "a lane that is held");
        return (held[0], held[1]);
    }

    /// <summary>How many leases there have been: each dispatcher begins one, and another one when it has lost that.</summary>
    public Task<long> LeasesBegunAsync() => Database.ScalarAsync<long>("SELECT coalesce(last_value, 0) FROM pg_sequences WHERE sequencename = 'dispatchers_id_seq'");

    public Task<long> LanesAsync() => Database.ScalarAsync<long>("SELECT count(*) FROM lanes");

    /// <summary>Announces an attempt of each delivery, the first as a publisher does, a later one as a delay queue does: alone.</summary>
    public Task AnnounceAsync(IEnumerable<Accepted> deliveries, int number = 1) =>
        AnnounceAsync(deliveries, number, together: number == 1 ? Announcement.MostTogether : 1);

    /// <summary>Announces an attempt of each delivery, so many in a message.</summary>
    public Task AnnounceAsync(IEnumerable<Accepted> deliveries, int number, int together) => Task.WhenAll(deliveries.Chunk(together).Select(chunk => Bus.PublishAsync(
        number == 1 ? BrokerNames.DeliveriesExchange : BrokerNames.RetriesExchange,
        Shard.RoutingKeyOf(chunk[0].SubscriptionId, shards: 1),
        Announcement.Write([.. chunk.Select(delivery =>
            new DeliveryMessage(delivery.Id, delivery.CreatedAt, number, TimeProvider.System.GetUtcNow(), Traceparent: null))]))));

    /// <summary>How many messages so many deliveries of a shard are announced in.</summary>
    public static int MessagesOf(int deliveries) => (deliveries + Announcement.MostTogether - 1) / Announcement.MostTogether;

    /// <summary>Accepts and announces, as a publisher does.</summary>
    public async Task<IReadOnlyList<Accepted>> DeliverAsync(Subscription subscription, int count = 1, string data = "{}")
    {
        var accepted = await AcceptAsync(subscription, count, data);
        await AnnounceAsync(accepted);
        return accepted;
    }

    /// <summary>Leaves a first attempt behind that failed, and whose next one the due-poller has to announce.</summary>
    public Task MakeDueAsync(Accepted delivery, DateTimeOffset at) => Database.ExecuteAsync(
        "UPDATE deliveries SET last_attempt = 1, next_attempt_at = $3, due_at = $3 WHERE created_at = $1 AND id = $2",
        delivery.CreatedAt.UtcDateTime, delivery.Id, at.UtcDateTime);

    /// <summary>
    /// Delivers, in vain, until a dispatcher relies on the queue of the first wait after a failure: it leaves a new one
    /// alone for a while, and then tries it with a first message.
    /// </summary>
    public Task ProveDelayAsync(ServiceHost dispatcher, Subscription subscription)
    {
        var queues = dispatcher.Services.GetRequiredService<DelayQueues>();
        var wait = subscription.Settings.RetryPolicy.WaitBefore(number: 2, chance: 0);
        return Eventually.TrueAsync(
            async () =>
            {
                await DeliverAsync(subscription);
                return queues.Of(wait).IsProven;
            },
            Limit, "a delay queue that has confirmed");
    }

    public Task<IReadOnlyList<RecordedAttempt>> AttemptsAsync() => RecordedAttempt.AllAsync(Database);

    /// <summary>Waits until every delivery has ended, and every announcement of them is acknowledged.</summary>
    public async Task EndedAsync()
    {
        long pending = -1;
        await Eventually.TrueAsync(
            async () => (pending = await Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'pending'")) == 0,
            Limit, () => $"every delivery to end; {pending} were pending");
        await SettledAsync();
    }

    /// <summary>Waits until the queues that are consumed are empty and every message is acknowledged.</summary>
    public async Task SettledAsync()
    {
        foreach (var queue in Queues)
        {
            await Eventually.TrueAsync(() => IsEmptyAsync(queue), Limit, $"every message of {queue} to be acknowledged");
        }
    }

    /// <summary>Waits until so many deliveries have this status.</summary>
    public Task HaveStatusAsync(string status, int count) => Eventually.TrueAsync(
        async () => await Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = $1", status) == count,
        Limit, $"{count} deliveries to be {status}");

    /// <summary>Waits until so many attempts are recorded.</summary>
    public Task HaveAttemptsAsync(int count) => Eventually.TrueAsync(
        async () => await Database.ScalarAsync<long>("SELECT count(*) FROM attempts") == count, Limit, $"{count} attempts to be recorded");
}
