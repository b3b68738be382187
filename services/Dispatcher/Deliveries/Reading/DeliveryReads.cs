using Webhooks.Broker.Deliveries;
using Webhooks.Database.Deliveries;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries.Reading;

/// <summary>What one look at deliveries found, with all that their attempts need.</summary>
/// <param name="Config">No older than the rows: a change that was answered before the look is honoured by it.</param>
internal readonly record struct Looked(IReadOnlyDictionary<Guid, DeliveryRow> Rows, ConfigSnapshot Config);

/// <summary>
/// What is read before deliveries are attempted. All of it at the look: whatever an attempt waited for the database afterwards, others
/// might have sent it by then, and what comes after it, or its subscription might have been disabled.
/// </summary>
internal sealed class DeliveryReads(DeliveryStore deliveries, SubscriptionCache subscriptions, OldRevisions revisions)
{
    public async Task<Looked> LookAsync(IReadOnlyList<DeliveryMessage> messages, CancellationToken cancellationToken)
    {
        var found = await deliveries.LookUpAsync(messages, cancellationToken);
        var config = await subscriptions.AtLeastAsync(found.ConfigVersion, cancellationToken);
        var pinned = found.Rows.Values.Where(row => IsPinnedToOld(row, config)).ToList();
        if (pinned.Count == 0)
        {
            return new Looked(found.Rows, config);
        }

        var rows = new Dictionary<Guid, DeliveryRow>(found.Rows);
        foreach (var row in pinned)
        {
            rows[row.Id] = await revisions.PinAsync(row, cancellationToken);
        }

        return new Looked(rows, config);
    }

    private static bool IsPinnedToOld(DeliveryRow row, ConfigSnapshot config) =>
        row.Status == DeliveryStatus.Pending && config.ById.TryGetValue(row.SubscriptionId, out var subscription) && row.Revision != subscription.Revision;
}
