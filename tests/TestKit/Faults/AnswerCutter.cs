using System.Net;
using System.Net.Sockets;

namespace Webhooks.TestKit.Faults;

/// <summary>
/// Stands between a client and its server and, when armed, cuts the connection at the moment a certain answer passes:
/// the server has done what was asked, and the client never hears of it.
/// </summary>
public sealed class AnswerCutter : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _serverPort;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private byte[]? _fatal;
    private int _cuts;

    private AnswerCutter(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public int Port { get; }

    /// <summary>How often it has cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public static AnswerCutter Before(int serverPort) => new(serverPort);

    /// <summary>The next answer that contains these bytes is cut off, with its connection.</summary>
    public void CutAt(ReadOnlySpan<byte> answer) => Volatile.Write(ref _fatal, answer.ToArray());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = CarryAsync(client);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _serverPort, _stop.Token);
            await Task.WhenAny(
                CopyAsync(near.GetStream(), far.GetStream(), isAnswer: false),
                CopyAsync(far.GetStream(), near.GetStream(), isAnswer: true));
        }
        catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException)
        {
            // Either side has closed.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isAnswer)
    {
        var buffer = new byte[64 * 1024];
        int length;
        while ((length = await from.ReadAsync(buffer, _stop.Token)) > 0)
        {
            if (isAnswer && Volatile.Read(ref _fatal) is { } fatal && buffer.AsSpan(0, length).IndexOf(fatal) >= 0
                && Interlocked.CompareExchange(ref _fatal, null, fatal) == fatal)
            {
                Interlocked.Increment(ref _cuts);
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, length), _stop.Token);
        }
    }
}
