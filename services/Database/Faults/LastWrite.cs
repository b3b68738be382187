namespace Webhooks.Database.Faults;

/// <summary>The writing, at the stop, of what waits in memory: what came last, and what an earlier write had in hand that the stop has canceled.</summary>
public static class LastWrite
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>False: the database did not take it in three seconds, and it is lost.</summary>
    /// <param name="write">To be called when nobody else writes any more.</param>
    /// <param name="clock">Measures the three seconds.</param>
    public static async Task<bool> TryAsync(Func<CancellationToken, Task> write, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var limit = new CancellationTokenSource(Patience, clock);
        try
        {
            // Twice: a server that does not answer is not waited for by the token alone.
            await write(limit.Token).WaitAsync(limit.Token);
            return true;
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault) || fault is OperationCanceledException)
        {
            return false;
        }
    }
}
