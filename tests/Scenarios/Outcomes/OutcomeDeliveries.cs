using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Outcomes;

/// <summary>One event for a subscription of every row and profile, all at once; each case looks at one of the deliveries.</summary>
public sealed class OutcomeDeliveries(SharedSystem system) : IAsyncLifetime
{
    public static readonly string[] Profiles = ["matcher", "standard"];

    /// <summary>Short, so that what is retried ends soon.</summary>
    public static readonly RetryRequest TwoAttempts = new() { MaxAttempts = 2, InitialDelaySeconds = 0.1 };

    private readonly TestEvent _published = TestEvent.Create(Tenant.New(), "outcome.wanted");
    private readonly Dictionary<(string Row, string Profile), (string SubscriptionId, Misbehaviours Servers)> _subscriptions = [];

    public async ValueTask InitializeAsync()
    {
        foreach (var profile in Profiles)
        {
            // Servers of their own for each profile, so that what one receives is the doing of one subscription.
            var servers = new Misbehaviours(system.Authority);
            foreach (var row in OutcomeRow.All)
            {
                var subscription = await system.Management.SubscribeAsync(new SubscriptionRequest
                {
                    TenantId = _published.TenantId,
                    Url = await servers.UrlOfAsync(row),
                    EventTypes = [_published.Type],
                    Profile = profile,
                    Retry = TwoAttempts,
                    TimeoutSeconds = row.TimeoutSeconds,
                });
                _subscriptions[(row.Name, profile)] = (subscription.Id, servers);
            }
        }

        await system.Events.PublishAsync(_published);
    }

    /// <summary>Waits until the delivery has ended.</summary>
    public Task<DeliveryResponse> EndedAsync(string row, string profile) =>
        system.Management.WaitForEndAsync(_subscriptions[(row, profile)].SubscriptionId, _published.Id);

    public Task<SubscriptionResponse> SubscriptionAsync(string row, string profile) =>
        system.Management.GetSubscriptionAsync(_subscriptions[(row, profile)].SubscriptionId);

    /// <summary>What the receiver of an answered row got.</summary>
    internal IReadOnlyList<ReceivedRequest> Requests(OutcomeRow row, string profile) =>
        _subscriptions[(row.Name, profile)].Servers.Answering[row].Requests;

    public async ValueTask DisposeAsync()
    {
        foreach (var servers in _subscriptions.Values.Select(subscription => subscription.Servers).Distinct())
        {
            await servers.DisposeAsync();
        }
    }
}
