using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Lanes.Doors;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>The ways by which a holder leaves its lane. Few at a time: each takes a connection, and a closing may wait for others with it.</summary>
internal sealed class LaneExit(LaneStore lanes, LaneClosingStore closing, DatabaseGate database) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(4);

    public void Dispose() => _turns.Dispose();

    /// <summary>As <see cref="LaneStore.FreeAsync"/> does.</summary>
    public Task FreeAsync(HeldLane lane, TimeSpan? left, CancellationToken stop) => RunAsync(
        async token =>
        {
            await lanes.FreeAsync(lane, left, token);
            return true;
        },
        stop);

    /// <summary>
    /// As <see cref="LaneClosingStore.CloseAsync"/> does. Should the answer to its commit be lost, the lane is found to be nobody's at
    /// the next look.
    /// </summary>
    public Task<bool> CloseAsync(HeldLane lane, long decidedOn, CancellationToken stop) =>
        RunAsync(token => closing.CloseAsync(lane, decidedOn, token), stop);

    private async Task<bool> RunAsync(Func<CancellationToken, Task<bool>> leave, CancellationToken stop)
    {
        await _turns.WaitAsync(stop);
        try
        {
            return await database.RunAsync(leave, stop);
        }
        finally
        {
            _turns.Release();
        }
    }
}
