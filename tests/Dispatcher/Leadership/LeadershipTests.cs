using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Dispatcher.Leadership;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Leadership;

/// <summary>One of the fleet announces what is due; whoever is left takes its place.</summary>
public sealed class LeadershipTests : IAsyncLifetime
{
    private static readonly string Leaders =
        $"""
        SELECT count(*) FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) | objid::bigint = {FleetLeadership.LockKey}
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
    }

    [Fact]
    public async Task Of_two_dispatchers_one_leads_and_what_is_due_is_sent_once()
    {
        await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        await LeadAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), count: 50);

        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now(), due_at = now()");

        await _world.EndedAsync();
        Assert.Equal(50, _receiver.Count);
        Assert.Equal(50, (await _world.AttemptsAsync()).Count);
        await LeadAsync();
    }

    [Fact]
    public async Task When_the_leader_is_killed_another_one_announces_what_is_due()
    {
        await using var leader = await _world.StartChildAsync();
        await LeadAsync();
        var led = await LeaderAsync();
        await _world.StartDispatcherAsync();

        await leader.KillAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.MakeDueAsync(accepted[0], TimeProvider.System.GetUtcNow());

        await _world.EndedAsync();
        Assert.Equal(1, _receiver.Count);
        Assert.NotEqual(led, await LeaderAsync());
    }

    // It keeps its session: nothing on the network says that it does nothing.
    [Fact]
    public async Task When_the_leader_stands_still_another_one_announces_what_is_due()
    {
        await using var leader = await _world.StartChildAsync();
        await LeadAsync();
        var led = await LeaderAsync();
        await _world.StartDispatcherAsync();

        leader.Freeze();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.MakeDueAsync(accepted[0], TimeProvider.System.GetUtcNow());

        // To the one that stands still, perhaps.
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at IS NULL") == 1, World.Limit, "it to be announced");
        Assert.NotEqual(led, await LeaderAsync());

        leader.Thaw();

        await _world.EndedAsync();
        Assert.Equal(1, _receiver.Count);
        await LeadAsync();
    }

    [Fact]
    public async Task A_leader_that_is_stopped_hands_over()
    {
        var leader = await _world.StartDispatcherAsync();
        await LeadAsync();
        var led = await LeaderAsync();
        await _world.StartDispatcherAsync();

        await leader.DisposeAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.MakeDueAsync(accepted[0], TimeProvider.System.GetUtcNow());

        await _world.EndedAsync();
        Assert.Equal(1, _receiver.Count);
        Assert.NotEqual(led, await LeaderAsync());
    }

    [Fact]
    public async Task A_leader_whose_session_is_ended_is_followed_by_one_that_leads()
    {
        await _world.StartDispatcherAsync();
        await LeadAsync();
        var led = await LeaderAsync();

        await _world.Database.EndSessionsAsync($"pid = {led}");
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.MakeDueAsync(accepted[0], TimeProvider.System.GetUtcNow());

        await _world.EndedAsync();
        await LeadAsync();
        Assert.NotEqual(led, await LeaderAsync());
    }

    // As behind a network that has forgotten this one connection: the server ends the session, and the leader is not told.
    [Fact]
    public async Task A_leader_that_hears_nothing_has_ended_before_another_one_leads()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        await using var silent = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { Port = relay.Port }.ConnectionString);
        await using var sound = NpgsqlDataSource.Create(_world.Postgres.ConnectionString);
        using var stop = new CancellationTokenSource();
        var told = new ConcurrentQueue<string>();
        var first = RunAsync(silent, "first");
        await Eventually.TrueAsync(() => !told.IsEmpty, World.Limit, "the first to lead");
        var second = RunAsync(sound, "second");

        relay.FallSilent();

        await Eventually.TrueAsync(() => told.Contains("second leads"), World.Limit, "the second to lead");
        // A busy machine may take the lead from either for a while, or longer: never have both led at once.
        var all = told.ToList();
        Assert.Equal("first has ended", all[all.IndexOf("second leads") - 1]);
        Assert.All(all.Index(), deed => Assert.Equal(deed.Index % 2 == 0, deed.Item.EndsWith(" leads", StringComparison.Ordinal)));
        Assert.All(all.Chunk(2).Where(pair => pair.Length == 2), pair => Assert.Equal(pair[0].Split(' ')[0], pair[1].Split(' ')[0]));
        await stop.CancelAsync();
        await Task.WhenAll(first, second);

        Task RunAsync(NpgsqlDataSource database, string name) => new FleetLeadership(database, TimeProvider.System, NullLogger<FleetLeadership>.Instance).RunAsync(
            async leading =>
            {
                told.Enqueue($"{name} leads");
                await Task.Delay(Timeout.InfiniteTimeSpan, leading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                told.Enqueue($"{name} has ended");
            },
            stop.Token);
    }

    [Fact]
    public async Task A_leader_whose_session_answers_late_is_a_candidate_again()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        await using var slow = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { Port = relay.Port }.ConnectionString);
        using var stop = new CancellationTokenSource();
        var (led, ended) = (0, 0);
        var running = new FleetLeadership(slow, TimeProvider.System, NullLogger<FleetLeadership>.Instance).RunAsync(LeadAsync, stop.Token);
        await Eventually.TrueAsync(() => led >= 1, World.Limit, "it to lead");

        relay.DelayAnswers(TimeSpan.FromSeconds(2.5));
        await Eventually.TrueAsync(() => ended >= 1, World.Limit, "it to end");
        relay.DelayAnswers(TimeSpan.Zero);

        await Eventually.TrueAsync(() => led > 1 || running.IsCompleted, World.Limit, "it to lead again");
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        await running;

        // As the leader's duties, it ends by throwing.
        async Task LeadAsync(CancellationToken leading)
        {
            Interlocked.Increment(ref led);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, leading);
            }
            finally
            {
                Interlocked.Increment(ref ended);
            }
        }
    }

    // As one whose statement takes too long. The lock is the session's, and the session would be the pool's.
    [Fact]
    public async Task Whoever_is_stopped_while_it_takes_the_lead_does_not_keep_it()
    {
        await _world.Database.ExecuteAsync(
            """
            CREATE FUNCTION public.pg_try_advisory_lock(bigint) RETURNS boolean LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_catalog.pg_advisory_lock($1);
                PERFORM pg_sleep(600);
                RETURN true;
            END $$
            """);
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { SearchPath = "public, pg_catalog", NoResetOnClose = true }.ConnectionString);
        using var stop = new CancellationTokenSource();
        var candidate = new FleetLeadership(database, TimeProvider.System, NullLogger<FleetLeadership>.Instance).RunAsync(_ => Task.CompletedTask, stop.Token);
        await LeadAsync();

        await stop.CancelAsync();
        await candidate;

        await Eventually.TrueAsync(async () => await _world.Database.ScalarAsync<long>(Leaders) == 0, World.Limit, "the lock to be free");
    }

    [Fact]
    public async Task A_duty_that_fails_by_its_data_takes_neither_the_leader_nor_the_other_duties_with_it()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        await _world.Database.ExecuteAsync("ALTER TABLE accounting_totals ADD CONSTRAINT none CHECK (accepted < 0)");
        var leader = await _world.StartDispatcherAsync();
        var log = LogOf(leader);
        await LeadAsync();
        var led = await LeaderAsync();

        foreach (var round in Enumerable.Range(1, 2))
        {
            // Each of them counts, and what is counted cannot be folded.
            var accepted = await _world.AcceptAsync(subscription);
            await _world.MakeDueAsync(accepted[0], TimeProvider.System.GetUtcNow());
            await _world.EndedAsync();
            Assert.Equal(round, _receiver.Count);
        }

        Assert.False(leader.Ended.IsCancellationRequested);
        await AssertLeadsStillAsync(led, log);
        Assert.NotEqual(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM accounting_deltas"));

        await _world.Database.ExecuteAsync("ALTER TABLE accounting_totals DROP CONSTRAINT none");

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM accounting_deltas") == 0, World.Limit, "the duty to be tried again");
        await AssertLeadsStillAsync(led, log);
    }

    // As a statement that takes longer than it may: the database is there, and has ended it.
    [Fact]
    public async Task A_duty_whose_statements_the_database_ends_takes_neither_the_leader_nor_the_other_duties_with_it()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        await _world.Database.ExecuteAsync(
            """
            CREATE FUNCTION end_statement() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM nextval('ended');
                RAISE 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled';
            END $$;
            CREATE SEQUENCE ended;
            CREATE TRIGGER end_statement BEFORE INSERT OR UPDATE ON accounting_totals FOR EACH STATEMENT EXECUTE FUNCTION end_statement();
            """);
        var log = LogOf(await _world.StartDispatcherAsync());
        await LeadAsync();
        var led = await LeaderAsync();

        foreach (var round in Enumerable.Range(1, 2))
        {
            var tries = await TriesAsync();
            var accepted = await _world.AcceptAsync(subscription);
            await _world.MakeDueAsync(accepted[0], TimeProvider.System.GetUtcNow());
            await _world.EndedAsync();
            Assert.Equal(round, _receiver.Count);
            await Eventually.TrueAsync(async () => await TriesAsync() > tries, World.Limit, "the duty to be tried again");
        }

        await AssertLeadsStillAsync(led, log);

        await _world.Database.ExecuteAsync("DROP TRIGGER end_statement ON accounting_totals");

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM accounting_deltas") == 0, World.Limit, "the duty to do its work");
        await AssertLeadsStillAsync(led, log);

        Task<long> TriesAsync() => _world.Database.ScalarAsync<long>("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM ended");
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task LeadAsync() => Eventually.TrueAsync(
        async () => await _world.Database.ScalarAsync<long>(Leaders) == 1, World.Limit, "a dispatcher that leads");

    private static CapturedLog LogOf(ServiceHost dispatcher)
    {
        var log = new CapturedLog(LogLevel.Warning);
        dispatcher.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        return log;
    }

    /// <summary>Over the same session; or over another one, because a busy machine has kept that from answering, and its log says so.</summary>
    private async Task AssertLeadsStillAsync(int led, CapturedLog log)
    {
        var leads = await LeaderAsync();
        Assert.True(
            leads == led || log.Lines.Any(line => line.Contains("does not lead", StringComparison.Ordinal)
                && (line.Contains("does not answer in time", StringComparison.Ordinal) || line.Contains("this process stood still", StringComparison.Ordinal))),
            $"{leads} leads instead of {led}: {string.Join('\n', log.Lines)}");
    }

    /// <summary>The leader's session.</summary>
    private async Task<int> LeaderAsync()
    {
        var leader = 0;
        await Eventually.TrueAsync(
            async () => (leader = await _world.Database.ScalarAsync<int>(Leaders.Replace("count(*)", "coalesce(min(pid), 0)", StringComparison.Ordinal))) != 0,
            World.Limit, "a dispatcher that leads");
        return leader;
    }
}
