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
                var url = await servers.UrlOfAsync(row);
                var refusedAtSave = row.Outcome is "address_refused";
                var subscription = await system.Management.SubscribeAsync(new SubscriptionRequest
                {
                    TenantId = _published.TenantId,
                    Url = refusedAtSave ? "http://127.0.0.1:9/hooks" : url,
                    EventTypes = [_published.Type],
                    Profile = profile,
                    Retry = TwoAttempts,
                    TimeoutSeconds = row.TimeoutSeconds,
                });
                if (refusedAtSave)
                {
                    await SaveAsBeforeAsync(subscription.Id, url);
                }

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

    /// <summary>As it was saved when the allow list still had the address: the sender is who refuses it.</summary>
    private async Task SaveAsBeforeAsync(string subscriptionId, string url)
    {
        await using var database = new SystemDatabase(system.Running.Endpoints.Postgres);
        Assert.Equal(1, await database.CountAsync(
            """
            WITH version AS (UPDATE settings SET value = value + 1 WHERE name = 'config_version' RETURNING value),
                 moved AS (UPDATE subscription_revisions SET url = $2 WHERE subscription_id = $1),
                 told AS (
                     UPDATE subscriptions SET config_version = version.value FROM version WHERE id = $1
                     RETURNING pg_notify('webhooks_config', version.value::text)
                 )
            SELECT count(*) FROM told
            """,
            Guid.Parse(subscriptionId["sub_".Length..]),
            url));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var servers in _subscriptions.Values.Select(subscription => subscription.Servers).Distinct())
        {
            await servers.DisposeAsync();
        }
    }
}
