using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Payloads;

/// <summary>Every documented event published once to a subscription of every profile; each case looks at one of the requests.</summary>
public sealed class DocumentedDeliveries(SharedSystem system) : IAsyncLifetime
{
    // Usable under every profile: "standard" decodes what follows the prefix, the others take it whole.
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw1zx7Qm2e4Rk=";

    public static readonly string[] Names =
    [
        "exception.created", "exception.resolved", "exception.sla_warning", "ingestion.completed",
        "match.confirmed", "match.force_matched", "match.unmatched", "match_run.completed",
    ];

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly string _tenantId = Tenant.New();
    private readonly Dictionary<string, TestReceiver> _receivers = [];

    /// <summary>With every optional member, an offset, more digits than milliseconds, and the members that a profile lifts out of data.</summary>
    internal PublishedEvent Complete => new(
        $$"""
        {
            "metadata": { "correlation_id": "req_xyz789", "source": "matching_engine" },
            "data": { "currency": "USD", "amount": 15000.00, "nested": { "amount": 1 }, "reference_id": "ref 1" },
            "context_id": "ctx_abc123", "tenant_id": "{{_tenantId}}", "version": "2.1", "unknown": [ 1, 2 ],
            "timestamp": "2024-01-20T12:30:00.9876+02:00", "type": "payment.confirmed", "id": "evt_complete:1"
        }
        """);

    public async ValueTask InitializeAsync()
    {
        foreach (var profile in Dialect.Profiles)
        {
            _receivers[profile] = await TestReceiver.StartAsync();
            await system.Management.SubscribeAsync(new SubscriptionRequest
            {
                TenantId = _tenantId, Url = $"{_receivers[profile].Url}/hooks/{profile}?a=1", EventTypes = ["*"], Profile = profile, Secret = Secret,
            });
        }

        await system.Events.PublishAsync([.. Names.Select(name => Documented(name).ToPublish), Complete.ToPublish]);
    }

    internal PublishedEvent Documented(string name) => PublishedEvent.Documented(name, _tenantId);

    /// <summary>The request that an event became under a profile; the first, should it have come again.</summary>
    internal async Task<ReceivedRequest> RequestAsync(PublishedEvent published, string profile)
    {
        ReceivedRequest? first = null;
        await Eventually.TrueAsync(
            () => (first = _receivers[profile].Requests.FirstOrDefault(request => (request.Header("webhook-id") ?? TestEvent.IdOf(request)) == published.Id)) is not null,
            Limit, $"{published.Id} under {profile}");
        return first!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var receiver in _receivers.Values)
        {
            await receiver.DisposeAsync();
        }
    }
}
