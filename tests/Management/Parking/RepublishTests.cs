using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Management.Parking;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Parking;

/// <summary>A parked message goes back where it came from, as it came.</summary>
public sealed class RepublishTests(ManagementApi api) : IClassFixture<ManagementApi>, IAsyncLifetime
{
    private static readonly byte[] Body = [0x00, 0xff, .. "{ \"not\" quite JSON"u8];

    // Added by the client that publishes, and by the broker that hands over, which counts from 0.
    private static readonly string[] Added = ["x-dotnet-pub-seq-no", "x-delivery-count"];

    private AmqpPeer _bus = null!;

    public async ValueTask InitializeAsync()
    {
        _bus = await AmqpPeer.ConnectAsync(api.RabbitMq);
        await BrokerTopology.DeclareAsync(_bus.Channel, shards: 2);
        await CallbackTopology.DeclareAsync(_bus.Channel);
    }

    [Theory]
    [InlineData(BrokerNames.PublisherQueue)]
    [InlineData("webhooks.deliveries.1")]
    [InlineData("webhooks.retries.0")]
    [InlineData(BrokerNames.CallbackResultsQueue)]
    public async Task It_goes_back_to_its_queue_body_and_properties_as_they_came(string queue)
    {
        var id = await ParkedRows.AddAsync(api, "back", queue, "poison", Body, new BasicProperties
        {
            AppId = "matching_engine",
            ContentType = "application/vnd.masstransit+json",
            CorrelationId = "c-1",
            MessageId = queue,
            Priority = 3,
            Timestamp = new AmqpTimestamp(1_705_746_600),
            Type = "exception.created",
            Headers = new Dictionary<string, object?>
            {
                ["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                ["number"] = 42L,
                ["list"] = new List<object> { 1, true },
            },
        });

        var answer = await api.PostAsync($"/v1/parked/{id}/republish", "");

        Assert.Equal((HttpStatusCode.Accepted, "republished"), (answer.Status, answer.Member("status")));
        Assert.NotNull(answer.Member("republished_at"));
        // The virtual host is that of the whole class.
        var (_, _, properties, body) = await _bus.ConsumeAsync(queue, message => message.Properties.MessageId == queue);
        Assert.Equal(Body, body);
        Assert.Equal(("matching_engine", "application/vnd.masstransit+json", "c-1", queue, (byte)3, 1_705_746_600L, "exception.created", DeliveryModes.Persistent),
            (properties.AppId, properties.ContentType, properties.CorrelationId, properties.MessageId, properties.Priority, properties.Timestamp.UnixTime, properties.Type, properties.DeliveryMode));
        Assert.Equal("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Encoding.UTF8.GetString((byte[])properties.Headers!["traceparent"]!));
        Assert.NotEqual(20L, properties.Headers.TryGetValue("x-delivery-count", out var count) ? count : null);
        Assert.Equal(42L, properties.Headers["number"]);
        Assert.Equal([1, true], (List<object>)properties.Headers["list"]!);
        Assert.Equal(["list", "number", "traceparent"], properties.Headers.Keys.Where(name => !Added.Contains(name)).Order(StringComparer.Ordinal));

        Assert.Equal("republished", (await api.GetAsync($"/v1/parked/{id}")).Member("status"));
        Assert.Equal(["parked.republished"], (await api.GetAsync($"/v1/audit?subject={id}")).Json.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task It_can_be_republished_once_more()
    {
        var id = await ParkedRows.AddAsync(api, "twice", BrokerNames.RetriesQueue(1));

        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync($"/v1/parked/{id}/republish", "")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync($"/v1/parked/{id}/republish", "")).Status);

        Assert.Equal(2, (await _bus.TakeAsync(BrokerNames.RetriesQueue(1), 2)).Count);
    }

    [Fact]
    public async Task Of_those_who_put_it_back_at_once_one_does()
    {
        var id = await ParkedRows.AddAsync(api, "race", BrokerNames.RetriesQueue(0));
        var seen = await SeenAsync(id);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => RepublishAsync(seen)));

        Assert.Equal(["conflict", "conflict", "conflict", "conflict", "republished"], outcomes.Order(StringComparer.Ordinal));
        await _bus.TakeAsync(BrokerNames.RetriesQueue(0));
        Assert.Equal(0, await _bus.CountAsync(BrokerNames.RetriesQueue(0)));
        Assert.Single((await api.GetAsync($"/v1/audit?subject={id}")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task While_somebody_puts_it_back_it_is_a_conflict_and_afterwards_it_waits_as_before()
    {
        var id = await ParkedRows.AddAsync(api, "held", BrokerNames.RetriesQueue(0));
        await using (var held = await api.Services.GetRequiredService<ParkedStore>().HoldAsync(await SeenAsync(id), CancellationToken.None))
        {
            Assert.NotNull(held);
            (await api.PostAsync($"/v1/parked/{id}/republish", "")).IsProblem(HttpStatusCode.Conflict, "conflict");
        }

        // Whoever held it did not come to the end: the broker did not confirm, or it died.
        Assert.Equal("parked", (await api.GetAsync($"/v1/parked/{id}")).Member("status"));
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync($"/v1/parked/{id}/republish", "")).Status);
        await _bus.TakeAsync(BrokerNames.RetriesQueue(0));
        Assert.Equal(0, await _bus.CountAsync(BrokerNames.RetriesQueue(0)));
    }

    // Anybody can write into the parking queue and say that a message came from anywhere.
    [Theory]
    [InlineData(null)]
    [InlineData(BrokerNames.ParkingQueue)]
    [InlineData(BrokerNames.ExceptionCommandsQueue)]
    [InlineData("webhooks.delay.5000")]
    [InlineData("webhooks.deliveries.x")]
    [InlineData("webhooks.deliveries.")]
    [InlineData("somebody.elses")]
    public async Task It_goes_into_no_queue_that_is_not_one_of_those_we_park_from(string? queue)
    {
        await _bus.Channel.QueueDeclareAsync(
            "somebody.elses", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        var id = await ParkedRows.AddAsync(api, "astray", queue);

        (await api.PostAsync($"/v1/parked/{id}/republish", "")).IsProblem(HttpStatusCode.Conflict, "conflict");

        Assert.Equal("parked", (await api.GetAsync($"/v1/parked/{id}")).Member("status"));
        Assert.Equal((0, 0), (await _bus.CountAsync("somebody.elses"), await _bus.CountAsync(BrokerNames.ParkingQueue)));
        Assert.Empty((await api.GetAsync($"/v1/audit?subject={id}")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_queue_that_is_gone_is_said_and_disturbs_nobody_who_publishes()
    {
        var id = await ParkedRows.AddAsync(api, "gone", "webhooks.retries.7");
        // It has all the connections by now that it ever needs.
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events", new { id = "evt_before", type = "a.b", tenant_id = "gone", data = new { } })).Status);
        var before = await ConnectionsAsync();

        (await api.PostAsync($"/v1/parked/{id}/republish", "")).IsProblem(HttpStatusCode.Conflict, "conflict");

        Assert.Equal(before, await ConnectionsAsync());
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events", new { id = "evt_after", type = "a.b", tenant_id = "gone", data = new { } })).Status);
    }

    [Fact]
    public async Task A_tenants_administrator_puts_back_what_is_its_tenants_and_nothing_else()
    {
        var token = await api.TokenAsync("owner", "admin");
        var foreign = await ParkedRows.AddAsync(api, "other", BrokerNames.DeliveriesQueue(0));
        var own = await ParkedRows.AddAsync(api, "owner", BrokerNames.DeliveriesQueue(0));

        (await api.PostAsync($"/v1/parked/{foreign}/republish", "", token)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.DeleteAsync($"/v1/parked/{foreign}", token)).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync($"/v1/parked/{own}/republish", "", token)).Status);

        await _bus.TakeAsync(BrokerNames.DeliveriesQueue(0));
        Assert.Equal(0, await _bus.CountAsync(BrokerNames.DeliveriesQueue(0)));
    }

    public ValueTask DisposeAsync() => _bus.DisposeAsync();

    private async Task<StoredParked> SeenAsync(string id) =>
        (await api.Services.GetRequiredService<ParkedStore>().FindAsync(
            PrefixedId.TryParse(PrefixedId.Parked, id, out var parkedId) ? parkedId : throw new FormatException(id), tenantId: null, CancellationToken.None))!;

    /// <summary>As a request does that has read the row: which one reads it when is chance otherwise.</summary>
    private async Task<string> RepublishAsync(StoredParked seen)
    {
        using var clock = new RequestClock(TimeSpan.FromSeconds(60), TimeProvider.System);
        try
        {
            return await api.Services.GetRequiredService<Republisher>().RepublishAsync(seen, Actor.System, clock, CancellationToken.None) is null ? "gone" : "republished";
        }
        catch (RefusedException refused)
        {
            return refused.Problem.Code;
        }
    }

    private async Task<string> ConnectionsAsync() => await (await TestBroker.ServerAsync()).ConnectionsAsync(api.RabbitMq);
}
