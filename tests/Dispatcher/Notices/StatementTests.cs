using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Rendering;
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

    private static FinishedAttempt Attempt(Accepted delivery, NextStep next, string type = "a.b") => new()
    {
        Delivery = new DeliveryRow
        {
            Id = delivery.Id,
            CreatedAt = delivery.CreatedAt,
            SubscriptionId = delivery.SubscriptionId,
            Revision = 1,
            Status = DeliveryStatus.Pending,
            LastAttempt = 0,
            NextAttemptAt = null,
            DueAt = null,
            Event = new AcceptedEvent { Id = delivery.EventId, Type = type, TenantId = World.Tenant, Timestamp = TestEvent.Timestamp, Version = "1.0", Data = "{}"u8.ToArray() },
        },
        Number = 1,
        Request = new WebhookRequest("tenant_001", "https://receiver.example/", default, [], TimeSpan.FromSeconds(5)),
        Result = new SendResult { Outcome = AttemptOutcome.ServerError, StatusCode = 500, StartedAt = delivery.CreatedAt, Duration = TimeSpan.FromMilliseconds(1), ResponseBody = [] },
        Next = next,
        NextAttemptAt = next is NextStep.Retry retry ? delivery.CreatedAt + retry.Wait : null,
        TraceId = null,
    };
}
