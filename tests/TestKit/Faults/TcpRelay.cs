using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Webhooks.TestKit.Faults;

/// <summary>A way to a server that can be cut, go silent while its connections stay, or lose what the server answers.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<RelayedConnection, bool> _connections = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly string _host;
    private readonly int _port;
    private volatile TaskCompletionSource _flowing = Flowing();
    private volatile TaskCompletionSource _holds = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _cut;
    private volatile bool _losesAnswers;
    private TimeSpan _answerDelay;

    public TcpRelay(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The server seems slow: each answer from now on takes so much longer.</summary>
    public void DelayAnswers(TimeSpan by) => _answerDelay = by;

    /// <summary>Nothing comes through any more; connections are still accepted.</summary>
    public void FallSilent()
    {
        _holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>
    /// Half open: the server gets what it is sent, and what it answers is lost. A connection that has lost something is
    /// reset when the relay is restored.
    /// </summary>
    public void LoseAnswers()
    {
        _holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _losesAnswers = true;
    }

    /// <summary>Completes when something has come and was not passed on.</summary>
    public Task HoldsAsync() => _holds.Task;

    /// <summary>Every connection breaks, and so does every new one.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var connection in _connections.Keys)
        {
            connection.Dispose();
        }
    }

    /// <summary>Every connection that there is ends with a TCP reset; new ones are taken.</summary>
    public void Reset()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Reset();
        }
    }

    public void Restore()
    {
        _cut = false;
        _losesAnswers = false;
        foreach (var connection in _connections.Keys.Where(connection => connection.HasLost))
        {
            connection.Reset();
        }

        _flowing.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        Restore();
        Cut();
        _stop.Dispose();
    }

    private static TaskCompletionSource Flowing()
    {
        var flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        flowing.SetResult();
        return flowing;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(new RelayedConnection(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
        }
    }

    private async Task CarryAsync(RelayedConnection connection)
    {
        _connections[connection] = true;
        try
        {
            if (!_cut)
            {
                await connection.Far.ConnectAsync(_host, _port, _stop.Token);
                await Task.WhenAny(
                    CopyAsync(connection, connection.Near, connection.Far, isAnswer: false),
                    CopyAsync(connection, connection.Far, connection.Near, isAnswer: true));
            }
        }
        catch (Exception refused) when (refused is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server is away. Its client hears so, and the next one may find it back.
        }
        finally
        {
            connection.Dispose();
            _connections.TryRemove(connection, out _);
        }
    }

    private async Task CopyAsync(RelayedConnection connection, TcpClient from, TcpClient to, bool isAnswer)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await from.GetStream().ReadAsync(buffer, _stop.Token)) > 0)
            {
                if (_flowing.Task is { IsCompleted: false } flowing)
                {
                    _holds.TrySetResult();
                    await flowing;
                }

                if (isAnswer && (_losesAnswers || connection.HasLost))
                {
                    connection.HasLost = true;
                    _holds.TrySetResult();
                    continue;
                }

                if (isAnswer && _answerDelay is var delay && delay > TimeSpan.Zero)
                {
                    await Task.Delay(delay, _stop.Token);
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException)
        {
        }
    }
}
