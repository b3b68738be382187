using System.Net;
using Npgsql;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Management.Tests.Outages;

/// <summary>Servers that are there and can do no more: what needs them is 503 soon, readiness tells, and all goes on by itself.</summary>
public sealed class OverloadTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_broker_without_memory_or_room_takes_no_event_and_everything_else_goes_on()
    {
        await using var broker = await OwnBroker.StartAsync();
        var instance = await api.StartHostAsync(("ConnectionStrings:RabbitMq", await broker.CreateVhostAsync()));
        (Func<Task> Raise, Func<Task> Clear)[] alarms =
        [
            (() => broker.Server.RaiseMemoryAlarmAsync(), () => broker.Server.ClearMemoryAlarmAsync()),
            (() => broker.Server.RaiseDiskAlarmAsync(), () => broker.Server.ClearDiskAlarmAsync()),
        ];
        foreach (var (raise, clear) in alarms)
        {
            await TakesEventsAsync(instance);
            await raise();
            // The broker says so only to who publishes, and may take some more before it does.
            await Eventually.TrueAsync(
                async () => (await api.SendAsync(HttpMethod.Post, "/v1/events", Event(), ManagementApi.AdminToken, via: instance)).Status != HttpStatusCode.Accepted,
                Limit, "the alarm to be known");
            await IsUnavailableAsync(instance, HttpMethod.Post, "/v1/events", Event());
            await IsReadyAsync(instance, HttpStatusCode.ServiceUnavailable);
            Assert.Equal(HttpStatusCode.Created, (await SubscribeAsync(instance)).Status);
            await clear();

            await TakesEventsAsync(instance);
            await IsReadyAsync(instance, HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Connections_that_an_operator_closes_are_opened_again()
    {
        await TakesEventsAsync(instance: null);

        await (await TestBroker.ServerAsync()).CloseConnectionsAsync(api.RabbitMq);

        // One answer may be lost with its connection; it is 503 then, and the event may be there nevertheless.
        await TakesEventsAsync(instance: null);
        await IsReadyAsync(await api.StartHostAsync(), HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_database_without_a_free_connection_is_waited_for()
    {
        var role = await CrowdedRole.CreateAsync(api.Database);
        var (key, value) = role.Setting(new NpgsqlConnectionStringBuilder(api.Postgres));
        var instance = await api.StartHostAsync((key, value));
        await IsReadyAsync(instance, HttpStatusCode.OK);

        await role.CrowdAsync();
        await IsUnavailableAsync(instance, HttpMethod.Get, "/v1/subscriptions", body: null);
        await IsUnavailableAsync(instance, HttpMethod.Post, "/v1/subscriptions", Subscription());
        await IsReadyAsync(instance, HttpStatusCode.ServiceUnavailable);
        await TakesEventsAsync(instance);
        await role.MakeRoomAsync();

        await Eventually.TrueAsync(async () => (await SubscribeAsync(instance)).Status == HttpStatusCode.Created, Limit, "a subscription to be made");
        await IsReadyAsync(instance, HttpStatusCode.OK);
    }

    // Readiness stays: what is there can be read, and events are the broker's. Nobody else would have more room.
    [Fact]
    public async Task A_database_without_room_on_its_disk_refuses_changes_and_is_read()
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "Mounting a small disk needs root.");
        await using var disk = await SmallDisk.CreateAsync();
        var instance = await api.StartHostAsync(("ConnectionStrings:Postgres", disk.ConnectionString));
        var made = await SubscribeAsync(instance);

        disk.Fill();
        // Some pages have room left when the disk has none.
        await Eventually.TrueAsync(async () => (await SubscribeAsync(instance)).Status != HttpStatusCode.Created, Limit, "the pages to be used up");
        await IsUnavailableAsync(instance, HttpMethod.Post, "/v1/subscriptions", Subscription());
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(instance, $"/v1/subscriptions/{made.Id}")).Status);
        await TakesEventsAsync(instance);
        await IsReadyAsync(instance, HttpStatusCode.OK);

        // No session can begin any more, and those that there were have ended.
        disk.FillForNewSessions();
        await disk.EndSessionsAsync();
        await IsUnavailableAsync(instance, HttpMethod.Get, $"/v1/subscriptions/{made.Id}", body: null);
        await IsReadyAsync(instance, HttpStatusCode.ServiceUnavailable);
        disk.MakeRoom();

        await Eventually.TrueAsync(async () => (await SubscribeAsync(instance)).Status == HttpStatusCode.Created, Limit, "a subscription to be made");
        await IsReadyAsync(instance, HttpStatusCode.OK);
        Assert.DoesNotContain(api.Log.Lines, line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    private static string Event() => $$$"""{"id":"{{{Guid.NewGuid():N}}}","type":"a","tenant_id":"overload","data":{}}""";

    private static object Subscription() => new { tenant_id = "overload", url = "https://receiver.example/", event_types = new[] { "a" }, description = new string('x', 200) };

    private Task<Answer> GetAsync(HttpClient instance, string path) => api.SendAsync(HttpMethod.Get, path, body: null, ManagementApi.AdminToken, via: instance);

    private Task<Answer> SubscribeAsync(HttpClient? instance) => api.SendAsync(HttpMethod.Post, "/v1/subscriptions", Subscription(), ManagementApi.AdminToken, via: instance);

    private Task TakesEventsAsync(HttpClient? instance) => Eventually.TrueAsync(
        async () => (await api.SendAsync(HttpMethod.Post, "/v1/events", Event(), ManagementApi.AdminToken, via: instance)).Status == HttpStatusCode.Accepted, Limit, "an event to be accepted");

    private async Task IsUnavailableAsync(HttpClient instance, HttpMethod method, string path, object? body)
    {
        var refused = await api.SendSoonAsync(method, path, body, ManagementApi.AdminToken, instance);

        refused.IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    private static Task IsReadyAsync(HttpClient instance, HttpStatusCode expected) => Eventually.TrueAsync(
        async () => (await instance.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode == expected, Limit, $"readiness to be {expected}");
}
