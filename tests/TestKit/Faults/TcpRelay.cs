using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Webhooks.TestKit.Faults;

/// <summary>A way to a server that can be cut, or go silent while its connections stay.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _ends = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly string _host;
    private readonly int _port;
    private volatile TaskCompletionSource _flowing = Flowing();
    private volatile TaskCompletionSource _holds = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _cut;

    public TcpRelay(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Nothing comes through any more; connections are still accepted.</summary>
    public void FallSilent()
    {
        _holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Completes when something has come and was not passed on.</summary>
    public Task HoldsAsync() => _holds.Task;

    /// <summary>Every connection breaks, and so does every new one.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var end in _ends)
        {
            end.Dispose();
        }
    }

    public void Restore()
    {
        _cut = false;
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
                var near = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ends.Add(near);
                if (_cut)
                {
                    near.Dispose();
                    continue;
                }

                var far = new TcpClient();
                await far.ConnectAsync(_host, _port, _stop.Token);
                _ends.Add(far);
                _ = CopyAsync(near, far);
                _ = CopyAsync(far, near);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
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

                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException)
        {
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
