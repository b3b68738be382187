using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Dispatcher.Replays;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Shaping.Transforms;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Replays;

/// <summary>The leader carries out what Management intends, from rows alone.</summary>
public sealed class ReplayingTests : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;
    private Subscription _subscription = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
        _subscription = await _world.SubscribeAsync(_receiver.Url);
    }

    [Fact]
    public async Task A_replay_is_a_new_delivery_of_an_event_in_another_partition()
    {
        var accepted = await _world.AcceptAsync(_subscription, data: """{"amount":1000.0}""");
        await Intended.EndYesterdayAsync(_world);
        await _world.StartDispatcherAsync();

        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);

        await _receiver.WaitForAsync(1);
        await _world.EndedAsync();
        await replay.HasStatusAsync("done");
        await replay.MadeEachOnceAsync(accepted);
        var request = Assert.Single(_receiver.Requests);
        Assert.Contains("""
            "data":{"amount":1000.0}
            """, Encoding.UTF8.GetString(request.Body), StringComparison.Ordinal);
        Assert.Equal(accepted[0].EventId, TestEvent.IdOf(request));
        Assert.Equal(["exhausted", "delivered"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal([1], await _world.Database.ColumnAsync<int>("SELECT number FROM attempts"));
        // Its id tells its row's millisecond, by which it is found.
        Assert.Equal(1, await _world.Database.ScalarAsync<long>(
            """
            SELECT count(*) FROM deliveries
            WHERE replay_of = $1 AND event_created_at = $2 AND created_at > now() - interval '10 minutes'
              AND left(replace(id::text, '-', ''), 12) = lpad(to_hex(floor(extract(epoch FROM created_at) * 1000)::bigint), 12, '0')
            """,
            accepted[0].Id, accepted[0].CreatedAt.AddDays(-1).UtcDateTime));
    }

    [Fact]
    public async Task One_whose_row_is_held_holds_up_no_other()
    {
        await _world.AcceptAsync(_subscription, count: 2);
        await Intended.EndYesterdayAsync(_world);
        var held = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);
        var other = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);
        await using var holding = await _world.Database.HoldAsync("SELECT FROM replays WHERE id = $1 FOR UPDATE", held.Id);

        await _world.StartDispatcherAsync();

        await other.HasStatusAsync("done");
        await holding.DisposeAsync();
        await held.HasStatusAsync("done");
    }

    [Fact]
    public async Task It_is_shaped_as_the_subscription_is_now_and_retried_from_the_start()
    {
        await _world.AcceptAsync(_subscription, data: """{"amount":7}""");
        await Intended.EndYesterdayAsync(_world);
        var transform = EventTransform.Parse("""{"template":{"id":"mended","sum":"{/data/amount}"}}""");
        await _world.ChangeAsync(_subscription, current => current with
        {
            Settings = current.Settings with { Transform = transform, Retry = new() { MaxAttempts = 2, InitialDelaySeconds = 0.1 } },
        });
        _receiver.AnswerWith = Answer.InOrder(503, 200);
        await _world.StartDispatcherAsync();

        await Intended.AsyncOf(_world, _subscription, ["exhausted"]);

        await _receiver.WaitForAsync(2);
        await _world.EndedAsync();
        Assert.All(_receiver.Requests, request => Assert.Equal("""{"id":"mended","sum":7}""", Encoding.UTF8.GetString(request.Body)));
        Assert.Equal([1, 2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.Equal(["exhausted", "delivered"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task Many_are_made_in_chunks_in_the_order_of_the_originals_and_each_once()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 1_700);
        await Intended.EndYesterdayAsync(_world);
        await _world.StartDispatcherAsync();

        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);

        await replay.HasStatusAsync("done");
        await replay.MadeEachOnceAsync(accepted);
        await _world.EndedAsync();
        Assert.Equal(1_700, _receiver.Count);
        Assert.Equal(
            accepted.Select(delivery => delivery.Id),
            await _world.Database.ColumnAsync<Guid>("SELECT replay_of FROM deliveries WHERE replay_of IS NOT NULL ORDER BY created_at, id"));
        Assert.True(await _world.Database.ScalarAsync<bool>("SELECT count(DISTINCT created_at) >= 1700 AND bool_and(status = 'delivered') FROM deliveries WHERE replay_of IS NOT NULL"));
    }

    [Fact]
    public async Task What_is_delivered_or_on_its_way_is_not_recovered()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 4);
        await Intended.EndYesterdayAsync(_world, "failed");
        await _world.Database.ExecuteAsync("UPDATE deliveries SET status = 'delivered' WHERE id = $1", accepted[0].Id);
        // The second was replayed with success, the third without, the fourth never.
        await ReplayedBeforeAsync(accepted[1], "delivered");
        var failed = await ReplayedBeforeAsync(accepted[2], "canceled");
        await _world.StartDispatcherAsync();

        var first = await Intended.AsyncOf(_world, _subscription, Intended.Undelivered, recovers: true);
        await first.HasStatusAsync("done");
        await _world.EndedAsync();
        var again = await Intended.AsyncOf(_world, _subscription, Intended.Undelivered, recovers: true);
        await again.HasStatusAsync("done");

        Assert.Equal((2, 0), (await first.DoneAsync(), await again.DoneAsync()));
        Assert.Equal([accepted[2].EventId, accepted[3].EventId], _receiver.Requests.Select(TestEvent.IdOf).Order());
        // Of the third the newest one is repeated.
        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE replay_of = $1 AND status = 'delivered'", failed));
    }

    [Fact]
    public async Task One_that_fails_by_its_data_ends_and_the_others_go_on()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 3);
        var other = await _world.SubscribeAsync(_receiver.Url);
        await _world.AcceptAsync(other, count: 2);
        await Intended.EndYesterdayAsync(_world);
        await _world.Database.ExecuteAsync($"ALTER TABLE deliveries ADD CONSTRAINT not_again CHECK (replay_of IS DISTINCT FROM '{accepted[1].Id}')");
        await _world.StartDispatcherAsync();

        var failing = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);
        var fine = await Intended.AsyncOf(_world, other, ["exhausted"]);

        await failing.HasStatusAsync("failed");
        await fine.HasStatusAsync("done");
        // The tenant reads it: nothing of our tables.
        Assert.Equal(
            "It was ended by a fault of our own, which our log tells. What it made until then stays.",
            await _world.Database.ScalarAsync<string>("SELECT error FROM replays WHERE id = $1", failing.Id));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL AND subscription_id = $1", _subscription.Id));
        await _world.EndedAsync();
        Assert.Equal(2, _receiver.Count);
    }

    // No replay's fault, and nothing that its tenant could do about it.
    [Fact]
    public async Task One_that_the_schema_takes_nothing_of_waits_until_it_does()
    {
        await _world.AcceptAsync(_subscription, count: 3);
        await Intended.EndYesterdayAsync(_world);
        var log = new CapturedLog();
        var dispatcher = await _world.StartDispatcherAsync();
        dispatcher.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        await _world.Database.ExecuteAsync("ALTER TABLE deliveries RENAME COLUMN replay_of TO replays");

        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);
        await Eventually.TrueAsync(() => log.Lines.Any(line => line.Contains("replay_of", StringComparison.Ordinal)), World.Limit, "the replay to be tried");
        await _world.Database.ExecuteAsync("ALTER TABLE deliveries RENAME COLUMN replays TO replay_of");

        await replay.HasStatusAsync("done");
        await _world.EndedAsync();
        Assert.Equal(3, _receiver.Count);
    }

    [Fact]
    public async Task One_that_is_being_canceled_is_left_alone_and_makes_nothing_more()
    {
        await _world.AcceptAsync(_subscription, count: 3);
        await Intended.EndYesterdayAsync(_world);
        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);
        await using var canceling = await _world.Database.OpenConnectionAsync();
        await using var transaction = await canceling.BeginTransactionAsync();
        await using var cancel = new NpgsqlCommand("UPDATE replays SET status = 'canceled', finished_at = now()", canceling);
        await cancel.ExecuteNonQueryAsync();

        Assert.Null(await new ReplayStore(_world.Database).AdvanceAsync(replay.Id, most: 500, CancellationToken.None));
        await transaction.CommitAsync();

        Assert.Null(await new ReplayStore(_world.Database).AdvanceAsync(replay.Id, most: 500, CancellationToken.None));
        Assert.Equal((0, "canceled"), (await replay.DoneAsync(), await replay.StatusAsync()));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL"));
    }

    [Fact]
    public async Task One_that_there_is_no_room_for_is_left_as_it_is()
    {
        await _world.AcceptAsync(_subscription, count: 3);
        await Intended.EndYesterdayAsync(_world);
        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"], held: true);
        var before = await _world.Database.ScalarAsync<string>("SELECT xmin::text FROM replays");

        Assert.Equal(0, (await new ReplayStore(_world.Database).AdvanceAsync(replay.Id, most: 0, CancellationToken.None))!.Done);

        Assert.Equal(before, await _world.Database.ScalarAsync<string>("SELECT xmin::text FROM replays"));
    }

    [Fact]
    public async Task When_its_subscription_is_disabled_it_ends_with_the_reason()
    {
        await _world.AcceptAsync(_subscription, count: 100);
        await Intended.EndYesterdayAsync(_world);
        await _world.StartDispatcherAsync();
        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"], rate: 5);
        await _receiver.WaitForAsync(2);

        await _world.Subscriptions.DisableAsync(_subscription.Id, "test", CancellationToken.None);

        await replay.HasStatusAsync("failed");
        Assert.StartsWith("The subscription was disabled", await _world.Database.ScalarAsync<string>("SELECT error FROM replays WHERE id = $1", replay.Id), StringComparison.Ordinal);
        Assert.InRange(await replay.DoneAsync(), 2, 99);
    }

    [Fact]
    public async Task A_replay_whose_event_is_not_kept_any_more_is_canceled()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 2);
        await Intended.EndYesterdayAsync(_world);
        var without = await ReplayedBeforeAsync(accepted[0], "pending");
        await ReplayedBeforeAsync(accepted[1], "pending");
        await _world.Database.ExecuteAsync("DELETE FROM events WHERE event_id = $1", accepted[0].EventId);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET due_at = now() WHERE status = 'pending'");

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal("canceled", await _world.Database.ScalarAsync<string>("SELECT status FROM deliveries WHERE id = $1", without));
        Assert.Equal([accepted[1].EventId], _receiver.Requests.Select(TestEvent.IdOf));
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task<Guid> ReplayedBeforeAsync(Accepted original, string status) => _world.Database.ScalarAsync<Guid>(
        """
        INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status, replay_of, event_created_at)
        SELECT created_at + interval '1 hour', gen_random_uuid(), tenant_id, event_id, event_type, subscription_id, revision, $2, id, created_at
        FROM deliveries WHERE id = $1
        RETURNING id
        """,
        original.Id, status);
}
