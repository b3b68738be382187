using Npgsql;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Publisher.Notices;

/// <summary>Finds out whether there are notices at a step, and who of several publishers does it.</summary>
internal sealed class NoticeStore(NpgsqlDataSource database, FanOutStore fanOut, SubscriptionCache subscriptions)
{
    /// <summary>
    /// Null: there is nothing to do, or another publisher does it. That keeps notices from being published twice; that no event
    /// is made twice does not depend on it.
    /// </summary>
    public async Task<NoticeSession?> TryBeginAsync(NoticeStep step, CancellationToken cancellationToken)
    {
        if (!await AnyAsync(step, cancellationToken))
        {
            return null;
        }

        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var acquire = new NpgsqlCommand($"SELECT pg_try_advisory_lock({step.LockKey})", connection);
            if (await acquire.ExecuteScalarAsync(cancellationToken) is true)
            {
                return new NoticeSession(connection, step, subscriptions, fanOut);
            }
        }
        catch
        {
            // Canceled at the wrong moment it may have the lock; a pooled session would keep it. Not by ClearPool, which finds no data source.
            database.Clear();
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    // Cheap when there is none, which is nearly always.
    private async Task<bool> AnyAsync(NoticeStep step, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT seq FROM notices WHERE {step.Condition} ORDER BY seq LIMIT 1");
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }
}
