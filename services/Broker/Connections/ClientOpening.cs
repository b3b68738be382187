namespace Webhooks.Broker.Connections;

/// <summary>
/// Stops waiting for what RabbitMQ's client opens. No token of ours goes into the client: one that is canceled while a
/// connection breaks is told of the client's own disposed pipe (System.IO.Pipelines), in the face of whoever cancels.
/// </summary>
internal static class ClientOpening
{
    /// <summary>What is opened, unless <paramref name="cancellationToken"/> comes first: it is disposed then, when it is open.</summary>
    public static async Task<T> OrUntil<T>(this Task<T> opening, CancellationToken cancellationToken)
        where T : IAsyncDisposable
    {
        try
        {
            return await opening.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ = DisposeAsync(opening);
            throw;
        }
    }

    private static async Task DisposeAsync<T>(Task<T> opening)
        where T : IAsyncDisposable
    {
        try
        {
            await using var opened = await opening;
        }
        catch (Exception)
        {
            // Nobody waits for it any more, nor for its end.
        }
    }
}
