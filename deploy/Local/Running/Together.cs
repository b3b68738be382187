namespace Webhooks.Local.Running;

/// <summary>
/// Several starts at once. When one fails the others are told to give up, and it returns only when all have ended: nothing
/// goes on being started behind the back of whoever tidies up.
/// </summary>
internal static class Together
{
    public static async Task RunAsync(CancellationToken cancellationToken, params IEnumerable<Func<CancellationToken, Task>> starts)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? first = null;
        await Task.WhenAll(starts.Select(async start =>
        {
            try
            {
                await start(giveUp.Token);
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref first, failure, null);
                await giveUp.CancelAsync();
            }
        }));

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }
}
