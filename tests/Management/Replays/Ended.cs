using Webhooks.Contracts;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Replays;

/// <summary>A delivery that has ended, as the dispatcher leaves it.</summary>
internal sealed record Ended(string Id, string EventId, DateTimeOffset CreatedAt)
{
    /// <param name="api">Whose database.</param>
    /// <param name="tenantId">Whose event.</param>
    /// <param name="subscription">Whose delivery.</param>
    /// <param name="status">How it ended; pending when it has not.</param>
    /// <param name="createdAt">When; null: now.</param>
    /// <param name="type">The event's.</param>
    public static async Task<Ended> DeliveryAsync(
        ManagementApi api, string tenantId, Answer subscription, string status = "exhausted", DateTimeOffset? createdAt = null, string type = "exception.created")
    {
        var accepted = await Accepted.EventAsync(api, tenantId, type, [subscription.Id], createdAt);
        var ended = new Ended(accepted.Deliveries[0], accepted.EventId, accepted.CreatedAt);
        await ended.EndAsync(api, status);
        return ended;
    }

    public static Guid Parse(string delivery) => PrefixedId.TryParse(PrefixedId.Delivery, delivery, out var id) ? id : throw new InvalidOperationException(delivery);

    public Task EndAsync(ManagementApi api, string status) => EndAsync(api, Id, status);

    public static Task EndAsync(ManagementApi api, string delivery, string status) => api.Database.ExecuteAsync(
        "UPDATE deliveries SET status = $2, last_attempt = 1, next_attempt_at = NULL, due_at = NULL, finished_at = now() WHERE id = $1", Parse(delivery), status);
}
