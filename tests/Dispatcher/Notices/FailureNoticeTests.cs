using System.Text;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Notices;

/// <summary>What an attempt leaves to be told, in the transaction of its record.</summary>
public sealed class FailureNoticeTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task An_exhausted_delivery_is_told_once_and_its_retries_are_not()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(500, 503));
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 0.1 });
        await _world.StartDispatcherAsync();

        var delivery = Assert.Single(await _world.DeliverAsync(subscription));
        await _world.EndedAsync();

        var (id, type, data) = Assert.Single(await NoticesAsync());
        Assert.Equal(($"dlv_{delivery.Id:N}_exhausted", NotificationTypes.DeliveryExhausted), (id, type));
        Assert.Equal(
            $$"""{"delivery_id":"dlv_{{delivery.Id:N}}","event_id":"evt_1","event_type":"a.b","subscription_id":"sub_{{subscription.Id:N}}","status":"exhausted","reason":"attempts_used_up","attempts":2,"outcome":"server_error","status_code":503,"error":"The receiver answered 503."}""",
            data);
        Assert.Equal((await _world.DeliveriesAsync<DateTimeOffset>("finished_at"))[0], await _world.Database.ScalarAsync<DateTime>("SELECT occurred_at FROM notices"));
        AssertDocumented(type, data);
    }

    [Fact]
    public async Task A_failed_delivery_is_told_with_its_reason()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(404));
        await _world.StartDispatcherAsync();

        var delivery = Assert.Single(await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url)));
        await _world.EndedAsync();

        var (id, type, data) = Assert.Single(await NoticesAsync());
        Assert.Equal(($"dlv_{delivery.Id:N}_failed", NotificationTypes.DeliveryFailed), (id, type));
        var told = JsonSerializer.Deserialize<EndedDelivery>(data)!;
        Assert.Equal(("failed", "not_retried", 1, "rejected", 404), (told.Status, told.Reason, told.Attempts, told.Outcome, told.StatusCode));
        AssertDocumented(type, data);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_told_of_twice_as_a_delivery_and_as_a_subscription()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(410));
        var subscription = await _world.SubscribeAsync(receiver.Url);
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        var notices = await NoticesAsync();
        Assert.Equal([NotificationTypes.DeliveryFailed, NotificationTypes.SubscriptionDisabled], notices.Select(notice => notice.Type));
        Assert.Equal("gone", JsonSerializer.Deserialize<EndedDelivery>(notices[0].Data)!.Reason);
        Assert.Equal($$"""{"subscription_id":"sub_{{subscription.Id:N}}","reason":"gone"}""", notices[1].Data);
        AssertDocumented(notices[1].Type, notices[1].Data);
    }

    [Fact]
    public async Task Of_a_mixed_group_the_failures_are_told_and_nothing_else()
    {
        await using var receiver = await HeldReceiver.StartAsync(request => new Answer(int.Parse(TestEvent.IdOf(request)[4..]) % 3 == 0 ? 404 : 200));
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline), count: 60);
        await receiver.Requests.WaitForAsync(60);

        // All at once, so that they are recorded in groups.
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal(
            Enumerable.Range(1, 60).Where(number => number % 3 == 0).Select(number => $"evt_{number}").Order(),
            (await NoticesAsync()).Select(notice => JsonSerializer.Deserialize<EndedDelivery>(notice.Data)!.EventId).Order());
    }

    [Fact]
    public async Task Of_the_systems_own_events_nothing_is_told()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(404));
        await using var exhausting = await TestReceiver.StartAsync(_ => new Answer(500));
        await _world.StartDispatcherAsync();
        var own = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Url));
        var retried = await _world.AcceptAsync(await _world.SubscribeAsync(exhausting.Url, new CustomRetry { MaxAttempts = 1 }));
        await _world.Database.ExecuteAsync("UPDATE events SET type = 'webhook.delivery_failed'");
        await _world.Database.ExecuteAsync("UPDATE deliveries SET event_type = 'webhook.delivery_failed'");

        await _world.AnnounceAsync(own);
        await _world.AnnounceAsync(retried);
        await _world.EndedAsync();

        Assert.Equal(["failed", "exhausted"], await _world.DeliveriesAsync<string>("status"));
        Assert.Empty(await NoticesAsync());
    }

    [Fact]
    public async Task A_delivery_that_was_canceled_while_it_failed_is_not_told()
    {
        await using var receiver = await HeldReceiver.StartAsync(_ => new Answer(404));
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline), count: 2);
        await receiver.Requests.WaitForAsync(2);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET status = 'canceled', finished_at = now() WHERE event_id = 'evt_1'");

        receiver.Release();

        await _world.HaveAttemptsAsync(2);
        Assert.Equal(["canceled", "failed"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal("evt_2", JsonSerializer.Deserialize<EndedDelivery>(Assert.Single(await NoticesAsync()).Data)!.EventId);
    }

    [Fact]
    public async Task It_is_told_once_also_when_the_answer_to_the_commit_is_lost()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(404));
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        var subscription = await _world.SubscribeAsync(receiver.Url);
        await _world.StartDispatcherAsync(_world.PostgresAt(cutter.Port));

        cutter.CutAt("COMMIT\0"u8);
        await _world.DeliverAsync(subscription);

        await _world.EndedAsync();
        Assert.Equal(1, cutter.Cuts);
        Assert.Single(await NoticesAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task<IReadOnlyList<(string Id, string Type, string Data)>> NoticesAsync()
    {
        await using var command = _world.Database.CreateCommand("SELECT id, type, data FROM notices ORDER BY seq");
        await using var row = await command.ExecuteReaderAsync();
        var notices = new List<(string, string, string)>();
        while (await row.ReadAsync())
        {
            notices.Add((row.GetString(0), row.GetString(1), Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(2))));
        }

        return notices;
    }

    /// <summary>The catalog's example is what is really told: the same members in the same order.</summary>
    private static void AssertDocumented(string type, string data)
    {
        var example = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "catalog", $"webhook.{type.Replace('.', '_')}", "example.json"));
        using var documented = JsonDocument.Parse(example);
        using var told = JsonDocument.Parse(data);
        Assert.Equal(Members(documented.RootElement.GetProperty("data")), Members(told.RootElement));
    }

    private static IEnumerable<string> Members(JsonElement data) => data.EnumerateObject().Select(member => $"{member.Name} {member.Value.ValueKind}");
}
