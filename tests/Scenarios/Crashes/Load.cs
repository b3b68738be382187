using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

/// <summary>
/// A tenant with subscriptions at one receiver, events for all of them, and the count of what arrived. At the end it
/// proves that nothing was lost: by what the receiver got, and by what the database says.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private const string EventType = "load.measured";

    private static readonly TimeSpan ArrivalLimit = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    // A slow machine would otherwise have the more to deliver the slower it is.
    private const int MostUnderWay = 4000;

    private const string Disagreeing = """
        SELECT count(*) FROM deliveries AS delivery
        WHERE tenant_id = $1 AND NOT (
            status = 'delivered' AND finished_at IS NOT NULL AND next_attempt_at IS NULL AND due_at IS NULL
            AND last_attempt = (SELECT count(*) FROM attempts WHERE created_at = delivery.created_at AND delivery_id = delivery.id)
            AND EXISTS (SELECT 1 FROM attempts WHERE created_at = delivery.created_at AND delivery_id = delivery.id
                        AND number = delivery.last_attempt AND outcome = 'succeeded'))
        """;

    private const string Attempts = """
        SELECT revision.url, delivery.event_id, attempt.number, attempt.started_at
        FROM deliveries AS delivery
        JOIN subscription_revisions AS revision ON revision.subscription_id = delivery.subscription_id AND revision.revision = delivery.revision
        JOIN attempts AS attempt ON attempt.created_at = delivery.created_at AND attempt.delivery_id = delivery.id
        WHERE delivery.tenant_id = $1
        ORDER BY attempt.number
        """;

    private readonly LocalSystem _system;
    private readonly ConcurrentDictionary<(string Path, string EventId), int> _copies = new();
    private readonly ConcurrentQueue<TestEvent> _published = new();
    private readonly EventPublisher _events;
    private int _subscriptions;

    private Load(LocalSystem system, TestReceiver receiver, Func<int, Answer> answer)
    {
        (_system, Receiver) = (system, receiver);
        // Queues that a test deletes are there again in a moment.
        _events = new EventPublisher(system.Endpoints.Amqp) { WaitsForQueues = true };
        receiver.AnswerWith = request => answer(_copies.AddOrUpdate((request.Path, TestEvent.IdOf(request)), 1, (_, copies) => copies + 1));
    }

    public string TenantId { get; } = Tenant.New();

    public TestReceiver Receiver { get; }

    /// <summary>Deliveries of which at least one copy came.</summary>
    public int Arrived => _copies.Count;

    /// <summary>Copies beyond the first of each.</summary>
    public int Repeated => _copies.Values.Sum(copies => copies - 1);

    private int Wanted => _published.Count * _subscriptions;

    /// <param name="system">To put under load.</param>
    /// <param name="subscriptions">How many.</param>
    /// <param name="answer">The receiver's, by the number of the copy of a delivery; 200 when null.</param>
    /// <param name="retry">Of all subscriptions.</param>
    public static async Task<Load> StartAsync(LocalSystem system, int subscriptions, Func<int, Answer>? answer = null, RetryRequest? retry = null)
    {
        var load = new Load(system, await TestReceiver.StartAsync(), answer ?? (_ => Answer.Ok)) { _subscriptions = subscriptions };
        await Parallel.ForAsync(0, subscriptions, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            await system.Management.SubscribeAsync(new SubscriptionRequest
            {
                TenantId = load.TenantId, Url = $"{load.Receiver.Url}/{number}", EventTypes = [EventType], Retry = retry,
                // No copy may come for the reason alone that a busy machine answered the first too late.
                TimeoutSeconds = 30,
            }));
        return load;
    }

    /// <summary>An event for all subscriptions, to be published.</summary>
    public TestEvent NewEvent() => TestEvent.Create(TenantId, EventType);

    /// <summary>Returns when the broker has confirmed them all.</summary>
    public Task PublishAsync(int events) => PublishAsync([.. Enumerable.Range(0, events).Select(_ => NewEvent())]);

    public async Task PublishAsync(params TestEvent[] events)
    {
        await _events.PublishAsync(events);
        foreach (var published in events)
        {
            _published.Enqueue(published);
        }
    }

    /// <summary>Some 400 events a second, while no more deliveries than the receiver gets in a while are under way, until <paramref name="body"/> has ended.</summary>
    public async Task PublishWhileAsync(Func<Task> body)
    {
        using var stop = new CancellationTokenSource();
        var publishing = PublishUntilAsync(stop.Token);
        try
        {
            await body();
        }
        finally
        {
            await stop.CancelAsync();
            await publishing;
        }
    }

    /// <summary>Waits until so many more deliveries have arrived.</summary>
    public async Task WaitForMoreAsync(int deliveries)
    {
        var target = Arrived + deliveries;
        await Eventually.TrueAsync(() => Arrived >= target, ArrivalLimit, () => $"{target} deliveries have arrived; there were {Arrived}.");
    }

    /// <summary>Waits until every delivery has arrived and is recorded, and checks that the records agree with each other.</summary>
    public async Task AssertNothingIsLostAsync()
    {
        await Eventually.TrueAsync(() => Arrived >= Wanted, ArrivalLimit, () => $"All {Wanted} deliveries have arrived; there were {Arrived}.");
        IReadOnlyDictionary<string, long> statuses = new Dictionary<string, long>();
        await Eventually.TrueAsync(
            async () => (statuses = await _system.Database.StatusesAsync(TenantId)).GetValueOrDefault("delivered") >= Wanted,
            ArrivalLimit,
            () => $"All {Wanted} deliveries are recorded as delivered; there were {string.Join(", ", statuses)}.");

        Assert.Equal(Wanted, Arrived);
        Assert.Equal(new Dictionary<string, long> { ["delivered"] = Wanted }, statuses);
        Assert.Equal(_published.Count, await _system.Database.CountAsync("SELECT count(*) FROM event_keys WHERE tenant_id = $1", TenantId));
        Assert.Equal(0, await _system.Database.CountAsync(Disagreeing, TenantId));
    }

    /// <summary>
    /// Waits until every delivery that was accepted has arrived and is recorded. Events that the broker lost before they were
    /// accepted are their publishers' concern.
    /// </summary>
    public async Task AssertNothingAcceptedIsLostAsync()
    {
        // Over HTTP, and behind all others: when it is accepted, they are.
        var last = NewEvent();
        await Eventually.TrueAsync(() => IsTakenAsync(last), ArrivalLimit, "The last event is taken.");
        await Eventually.TrueAsync(
            async () => await _system.Database.CountAsync("SELECT count(*) FROM event_keys WHERE tenant_id = $1 AND event_id = $2", TenantId, last.Id) == 1,
            ArrivalLimit, "The last event is accepted.");
        JsonElement accounts = default;
        await Eventually.TrueAsync(async () => Number("pending", accounts = await AccountsAsync()) == 0, ArrivalLimit, () => $"All have ended; there were {accounts}.");

        var matched = Number("accepted", accounts) * _subscriptions;
        Assert.Equal((matched, matched), (Number("matched", accounts), Number("delivered", accounts)));
        Assert.Equal(matched, Arrived);
        Assert.Equal(0, await _system.Database.CountAsync(Disagreeing, TenantId));
    }

    /// <summary>Requests that no attempt is on record for: made beside another one of the same attempt.</summary>
    public async Task<long> UnrecordedAsync() => Receiver.Count - await _system.Database.CountAsync(
        "SELECT count(*) FROM attempts AS attempt JOIN deliveries AS delivery ON delivery.created_at = attempt.created_at AND delivery.id = delivery_id WHERE tenant_id = $1", TenantId);

    /// <summary>For the message of a failure: of each delivery that had such requests, when they came and when its attempts began, since a moment.</summary>
    public async Task<string> TellUnrecordedAsync(DateTimeOffset moment)
    {
        const int Most = 30;
        var rows = await _system.Database.RowsAsync(
            Attempts, row => (Url: row.GetString(0), EventId: row.GetString(1), Number: row.GetInt32(2), StartedAt: row.GetFieldValue<DateTimeOffset>(3)), TenantId);
        var attempts = rows.ToLookup(row => (Path: new Uri(row.Url).AbsolutePath, row.EventId));
        var doubled = Receiver.Requests.GroupBy(request => (request.Path, EventId: TestEvent.IdOf(request))).Where(requests => requests.Count() > attempts[requests.Key].Count());
        return string.Join('\n', doubled.Take(Most).Select(requests =>
            $"{requests.Key.EventId} at {requests.Key.Path}: requests {string.Join(", ", requests.Select(request => Since(request.ReceivedAt)))};"
            + $" attempts {string.Join(", ", attempts[requests.Key].Select(attempt => $"{attempt.Number} {Since(attempt.StartedAt)}"))}"));

        string Since(DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"{(at - moment).TotalSeconds:+0.00;-0.00} s");
    }

    public async ValueTask DisposeAsync()
    {
        await _events.DisposeAsync();
        await Receiver.DisposeAsync();
    }

    private static long Number(string member, JsonElement accounts) => accounts.GetProperty(member).GetInt64();

    private Task<JsonElement> AccountsAsync() => _system.Management.GetJsonAsync($"v1/accounting?tenant_id={TenantId}");

    private async Task<bool> IsTakenAsync(TestEvent published)
    {
        try
        {
            await _system.Management.PublishAsync(published.Body);
            return true;
        }
        catch (HttpRequestException away) when (away.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }
    }

    private async Task PublishUntilAsync(CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        while (!stop.IsCancellationRequested)
        {
            if (Wanted - Arrived < MostUnderWay)
            {
                await PublishAsync(20);
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
