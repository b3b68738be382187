using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// Hears which lanes were given deliveries. What is missed, because the connection was lost, is made up for by waking all.
/// </summary>
internal sealed class LaneSignals(NpgsqlDataSource database, ServedLanes served, TimeProvider clock) : ServiceLoop
{
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(500);

    // A connection that is dead without a word is found out.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault))
            {
                // Others tell of it; lanes are polled meanwhile.
                await Task.Delay(ReconnectPause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        connection.Notification += (_, told) => Wake(told.Payload);
        await using (var listen = new NpgsqlCommand($"LISTEN {LaneStatements.Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(stop);
        }

        served.TellAll();
        await using var ask = new NpgsqlCommand("SELECT 1", connection);
        while (true)
        {
            if (!await connection.WaitAsync(Silence, stop))
            {
                await ask.ExecuteScalarAsync(stop);
            }
        }
    }

    private void Wake(string payload)
    {
        foreach (var id in payload.Split(','))
        {
            if (Guid.TryParseExact(id, "N", out var subscriptionId))
            {
                served.Tell(subscriptionId);
            }
        }
    }
}
