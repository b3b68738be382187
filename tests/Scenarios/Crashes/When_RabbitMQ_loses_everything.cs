using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

/// <summary>PostgreSQL has every delivery; the broker that has none is filled again, and every service finds its way back.</summary>
[Collection(CrashCollection.Name)]
public sealed class When_RabbitMQ_loses_everything(PatientSystem system) : IClassFixture<PatientSystem>
{
    // What was being published when the connection or the queue was lost is published again, and may be sent by two dispatchers at once.
    private const int MostInDoubt = 50;

    // All that are used meanwhile; of the delay queues, those of the default schedule and the load's own.
    private static readonly string[] Queues =
    [
        BrokerNames.PublisherQueue, BrokerNames.DeliveriesQueue(0), BrokerNames.RetriesQueue(0), BrokerNames.ParkingQueue,
        BrokerNames.CallbackResultsQueue, BrokerNames.ExceptionCommandsQueue,
        .. new[] { 1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000 }.Select(milliseconds => BrokerNames.Delay(milliseconds)),
    ];

    [Fact]
    public async Task Should_deliver_all_that_was_accepted_when_its_data_is_wiped()
    {
        await using var load = await StartAsync();
        var lostAt = DateTimeOffset.MaxValue;

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(600);
            lostAt = TimeProvider.System.GetUtcNow();
            await system.Running.WipeBrokerAsync();
            await load.WaitForMoreAsync(300);
        });

        await load.AssertNothingAcceptedIsLostAsync();
        await AssertFewWereInDoubtAsync(load, lostAt);
        await AssertCallbacksAreTakenAsync();
    }

    [Fact]
    public async Task Should_deliver_all_that_was_accepted_when_every_queue_is_deleted()
    {
        await using var load = await StartAsync();
        var lostAt = DateTimeOffset.MaxValue;
        await using var peer = await AmqpPeer.ConnectAsync(system.Running.Endpoints.Amqp);

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(600);
            lostAt = TimeProvider.System.GetUtcNow();
            foreach (var queue in Queues)
            {
                await peer.Channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false);
            }

            await load.WaitForMoreAsync(300);
        });

        await load.AssertNothingAcceptedIsLostAsync();
        await AssertFewWereInDoubtAsync(load, lostAt);
        await AssertCallbacksAreTakenAsync();
    }

    // Every delivery fails once, so that retries are under way.
    private Task<Load> StartAsync() => Load.StartAsync(
        system.Running,
        subscriptions: 2,
        answer: copy => copy == 1 ? new Answer(503) : Answer.Ok,
        retry: new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = 1, BackoffMultiplier = 1 });

    private static async Task AssertFewWereInDoubtAsync(Load load, DateTimeOffset lostAt)
    {
        var doubled = await load.UnrecordedAsync();
        Assert.True(doubled <= MostInDoubt, $"{doubled} requests were made beside another one of the same attempt. {await load.TellUnrecordedAsync(lostAt)}");
    }

    private async Task AssertCallbacksAreTakenAsync()
    {
        var endpoints = system.Running.Endpoints;
        using var http = new HttpClient();
        await Eventually.TrueAsync(async () => await CallBackAsync(http, endpoints) == HttpStatusCode.OK, TimeSpan.FromMinutes(5), "a callback to be accepted");
        await using var peer = await AmqpPeer.ConnectAsync(endpoints.Amqp);
        await peer.TakeAsync(BrokerNames.ExceptionCommandsQueue);
    }

    private static async Task<HttpStatusCode> CallBackAsync(HttpClient http, Endpoints endpoints)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, $"{endpoints.Callbacks}/v1/exceptions/exc_001/callback?tenant_id={Tenant.New()}")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", endpoints.AdminToken) },
            Content = JsonContent.Create(new { externalSystem = "JIRA", externalIssueId = "RECON-1", status = "OPEN" }),
        };
        call.Headers.Add("X-Idempotency-Key", $"{Guid.NewGuid():N}");
        using var answer = await http.SendAsync(call);
        return answer.StatusCode;
    }
}
