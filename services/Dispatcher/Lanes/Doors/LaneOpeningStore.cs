using Npgsql;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>The SQL by which dispatchers open lanes.</summary>
internal sealed class LaneOpeningStore(NpgsqlDataSource database)
{
    /// <summary>
    /// Opens a lane for a reason that is no setting of the subscription's. False: it was open, or there is no such subscription.
    /// </summary>
    public async Task<bool> OpenAsync(Guid subscriptionId, LaneReason reason, CancellationToken cancellationToken)
    {
        await using var door = await DoorTransaction.BeginAsync(database, DoorTransaction.Brief, subscriptionId, cancellationToken);
        if (door.Version is null)
        {
            return false;
        }

        await using var open = new NpgsqlBatch(door.Connection) { BatchCommands = { LaneStatements.Open(subscriptionId, reason) } };
        if (await open.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false;
        }

        await door.StampAndCommitAsync(cancellationToken);
        return true;
    }
}
