using System.Collections.Concurrent;
using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Lanes;

public sealed class When_a_subscription_wants_an_order(SharedSystem system)
{
    private readonly string _tenantId = Tenant.New();

    [Fact]
    public async Task Should_deliver_the_events_of_a_key_in_the_order_in_which_they_were_published()
    {
        const int Keys = 5;
        const int Events = 100;
        var failures = new ConcurrentDictionary<string, int>();
        var delivered = new ConcurrentQueue<(string Key, int Number)>();
        await using var receiver = await TestReceiver.StartAsync(request =>
        {
            // Each third event of all fails twice.
            var (key, number) = Read(request);
            if (number % 3 == 0 && failures.AddOrUpdate(TestEvent.IdOf(request), 1, (_, before) => before + 1) <= 2)
            {
                return new Answer(503);
            }

            delivered.Enqueue((key, number));
            return Answer.Ok;
        });
        var subscription = await system.Management.SubscribeAsync(new SubscriptionRequest
        {
            TenantId = _tenantId,
            Url = receiver.Url,
            EventTypes = ["exception.*"],
            Retry = new RetryRequest { MaxAttempts = 5, InitialDelaySeconds = 0.2, BackoffMultiplier = 1 },
        });
        await system.Management.ChangeAsync(subscription.Id, new { ordering = "by_key", ordering_key = "/data/exception_id" });

        for (var number = 0; number < Events; number++)
        {
            await system.Events.PublishAsync(TestEvent.Create(_tenantId, "exception.created", data: $$"""{"exception_id":"exc_{{number % Keys}}","number":{{number}}}"""));
        }

        await Eventually.TrueAsync(() => delivered.Count >= Events, TimeSpan.FromMinutes(5), () => $"{Events} successes; there were {delivered.Count}.");
        Assert.All(delivered.GroupBy(one => one.Key), key => Assert.Equal(Enumerable.Range(0, Events / Keys).Select(round => int.Parse(key.Key[4..], null) + (round * Keys)), key.Select(one => one.Number)));
    }

    private static (string Key, int Number) Read(ReceivedRequest request)
    {
        using var body = JsonDocument.Parse(request.Body);
        var data = body.RootElement.GetProperty("data");
        return (data.GetProperty("exception_id").GetString()!, data.GetProperty("number").GetInt32());
    }
}
