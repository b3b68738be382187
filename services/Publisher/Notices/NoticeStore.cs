using Npgsql;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Publisher.Notices;

/// <summary>Finds out whether there are notices, and who of several publishers tells them.</summary>
internal sealed class NoticeStore(NpgsqlDataSource database, FanOutStore fanOut, SubscriptionCache subscriptions)
{
    /// <summary>Arbitrary, and the same in every publisher.</summary>
    private const long LockKey = 0x5745_4248_4E4F_5445;

    /// <summary>Cheap when there is none, which is nearly always.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT seq FROM notices ORDER BY seq LIMIT 1");
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    /// <summary>Null: another publisher tells them. It keeps them from being told twice; that no event is made twice does not depend on it.</summary>
    public async Task<NoticeSession?> TryBeginAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var acquire = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", connection);
            if (await acquire.ExecuteScalarAsync(cancellationToken) is true)
            {
                return new NoticeSession(connection, $"SELECT pg_advisory_unlock({LockKey})", fanOut, subscriptions);
            }
        }
        catch
        {
            // Canceled at the wrong moment it may have the lock; a pooled session would keep it.
            NpgsqlConnection.ClearPool(connection);
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }
}
