using Npgsql;

namespace Webhooks.Subscriptions.Health;

/// <summary>Reads how receivers fare, for the API. The dispatchers write it, with the attempts.</summary>
public sealed class HealthReader(NpgsqlDataSource database)
{
    public async Task<SubscriptionHealth> FindAsync(Guid subscriptionId, CancellationToken cancellationToken) =>
        (await FindAsync([subscriptionId], cancellationToken)).GetValueOrDefault(subscriptionId, SubscriptionHealth.Healthy);

    /// <summary>Those that are not healthy; every other one is.</summary>
    public async Task<IReadOnlyDictionary<Guid, SubscriptionHealth>> FindAsync(IEnumerable<Guid> subscriptionIds, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT subscription_id, state, reason FROM subscription_health WHERE subscription_id = ANY ($1) AND state <> 'healthy'");
        command.Parameters.AddWithValue(subscriptionIds.ToArray());
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new Dictionary<Guid, SubscriptionHealth>();
        while (await row.ReadAsync(cancellationToken))
        {
            found[row.GetGuid(0)] = new SubscriptionHealth(HealthStateNames.Parse(row.GetString(1)), row.IsDBNull(2) ? null : row.GetString(2));
        }

        return found;
    }
}
