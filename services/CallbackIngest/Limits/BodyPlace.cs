using Webhooks.Api.Problems;

namespace Webhooks.CallbackIngest.Limits;

/// <summary>One request's place in the room for large bodies, taken when its body turns out to be large.</summary>
internal sealed class BodyPlace : IDisposable
{
    // Whoever sends a byte a second must not keep a place. Time for a megabyte over a slow line.
    private static readonly TimeSpan ToArrive = TimeSpan.FromSeconds(20);

    private readonly BodyRoom _room;
    private readonly CancellationToken _clientGone;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;
    private bool _isTaken;

    public BodyPlace(BodyRoom room, TimeProvider clock, CancellationToken clientGone)
    {
        (_room, _clientGone) = (room, clientGone);
        _timer = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, clientGone);
    }

    /// <param name="read">Reads the body by the token, and calls <see cref="TakeAsync"/> before it holds more than a small one.</param>
    /// <exception cref="RefusedException">Also 503: there is no place; 408: the rest of a large body did not come.</exception>
    public async Task<byte[]> ReadAsync(Func<CancellationToken, Task<byte[]>> read)
    {
        try
        {
            var body = await read(_either.Token);
            _timer.CancelAfter(Timeout.InfiniteTimeSpan);
            return body;
        }
        catch (OperationCanceledException) when (_timer.IsCancellationRequested && !_clientGone.IsCancellationRequested)
        {
            throw new RefusedException(Problem.TooSlow);
        }
    }

    public async Task TakeAsync()
    {
        if (!await _room.TryEnterAsync(_clientGone))
        {
            throw new RefusedException(BodyRoom.Full);
        }

        _isTaken = true;
        _timer.CancelAfter(ToArrive);
    }

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
        if (_isTaken)
        {
            _room.Leave();
        }
    }
}
