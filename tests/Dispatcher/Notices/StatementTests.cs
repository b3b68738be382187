using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Dispatcher.Attempts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Notices;

/// <summary>What telling costs: no statement as long as nothing fails, and one for a group in which something does.</summary>
public sealed partial class StatementTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_group_without_failures_runs_no_statement_more()
    {
        _world.Postgres.PersistSecurityInfo = true;
        var dispatcher = await _world.StartDispatcherAsync();
        await using var plans = QueryPlans.Of(dispatcher.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        var store = Stores.Attempts(plans.Database);
        var subscription = await _world.SubscribeAsync("https://receiver.example/");
        var accepted = await _world.AcceptAsync(subscription, count: 6);
        // A new connection asks for the server's types first.
        await plans.Database.ExecuteAsync("SELECT 1");

        var succeeding = await plans.DuringAsync(() => store.RecordAsync(
            [Attempt(accepted[0], new NextStep.Complete()), Attempt(accepted[1], new NextStep.Retry(TimeSpan.FromSeconds(5), Brokered: true))], CancellationToken.None));
        var ofOurOwn = await plans.DuringAsync(() => store.RecordAsync([Attempt(accepted[2], new NextStep.Exhaust(), "webhook.delivery_failed")], CancellationToken.None));
        var failing = await plans.DuringAsync(() => store.RecordAsync(
            [Attempt(accepted[3], new NextStep.Complete()), Attempt(accepted[4], new NextStep.Exhaust()), Attempt(accepted[5], new NextStep.Fail(DisablesSubscription: false))], CancellationToken.None));

        Assert.DoesNotContain(succeeding.Concat(ofOurOwn), plan => plan.Contains("notices", StringComparison.Ordinal));
        Assert.Equal(succeeding.Select(Statement), ofOurOwn.Select(Statement));
        Assert.Equal(succeeding.Select(Statement).Append("INSERT INTO notices").Order(), failing.Select(Statement).Order());
        Assert.Equal(2, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM notices"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static string Statement(string plan) => Beginning().Match(plan).Value;

    [GeneratedRegex(@"(?<=Query Text: )\w+( INTO)? \w+")]
    private static partial Regex Beginning();

    private static FinishedAttempt Attempt(Accepted delivery, NextStep next, string type = "a.b")
    {
        var row = Rows.Of(delivery);
        return Finished.Attempt(row with { Event = row.Event with { Type = type } }, next);
    }
}
