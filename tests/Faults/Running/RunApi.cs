using System.Net.Http.Json;
using Webhooks.Faults.Judging;
using Webhooks.Faults.Receiving;
using Webhooks.TestKit;

namespace Webhooks.Faults.Running;

/// <summary>What a run asks of the management API.</summary>
internal sealed class RunApi(ManagementClient management)
{
    /// <summary>Creates every subscriber's subscription; returns their numbers by the ids that the database has.</summary>
    public async Task<IReadOnlyDictionary<Guid, int>> SubscribeAsync(Receivers receivers, ReceiptBook book)
    {
        var numbers = new Dictionary<Guid, int>();
        foreach (var subscriber in Subscriber.All)
        {
            var subscription = await management.SubscribeAsync(new SubscriptionRequest
            {
                TenantId = Subscriber.TenantId,
                Url = receivers.UrlOf(subscriber),
                EventTypes = [subscriber.Pattern],
                Profile = subscriber.Profile,
                // Long enough that a busy machine alone does not use the attempts up.
                TimeoutSeconds = 10,
                Retry = new RetryRequest { MaxAttempts = subscriber.MaxAttempts, InitialDelaySeconds = 0.5, BackoffMultiplier = 1.5, MaxDelaySeconds = 5 },
                MaxInFlight = subscriber.MaxInFlight,
                Ordering = subscriber.IsOrdered ? "by_key" : null,
                OrderingKey = subscriber.IsOrdered ? "/data/key" : null,
            });
            book.Trust(subscriber, subscription.Secret);
            numbers[Guid.Parse(subscription.Id["sub_".Length..])] = subscriber.Number;
        }

        return numbers;
    }

    public async Task<Account> AccountAsync()
    {
        using var answer = await management.AnsweredAsync(http => http.GetAsync($"v1/accounting?tenant_id={Subscriber.TenantId}"));
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Account>())!;
    }
}
