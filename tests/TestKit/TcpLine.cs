using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Webhooks.TestKit;

/// <summary>
/// The wire between clients and a server on this machine, which a test can cut at the worst moment: when the server has
/// done what it was asked and its answer is still on the way.
/// </summary>
public sealed class TcpLine : IAsyncDisposable
{
    private readonly int _server;
    private readonly Socket _listener = NewSocket();
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<Conversation, Task> _conversations = new();
    private readonly Task _accepting;
    private byte[]? _cutAfter;
    private int _cuts;

    private TcpLine(int server)
    {
        _server = server;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>How often <see cref="CutAfter"/> has cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public static TcpLine To(int serverPort) => new(serverPort);

    /// <summary>Cuts, once, the connection on which these bytes are sent next: they reach the server, whose answer is lost.</summary>
    public void CutAfter(ReadOnlySpan<byte> request) => Volatile.Write(ref _cutAfter, request.ToArray());

    /// <summary>Connections that exist now hear nothing more from the server; later ones do.</summary>
    public void HoldAnswers()
    {
        foreach (var conversation in _conversations.Keys)
        {
            conversation.HoldsAnswers = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var (conversation, ended) in _conversations)
        {
            conversation.Cut();
            await ended;
        }

        _ending.Dispose();
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var conversation = new Conversation(this, await _listener.AcceptAsync(_ending.Token));
                _conversations[conversation] = conversation.RunAsync();
            }
        }
        catch (Exception) when (_ending.IsCancellationRequested)
        {
            // The test is over.
        }
    }

    private bool IsToBeCutAfter(ReadOnlySpan<byte> request) =>
        Volatile.Read(ref _cutAfter) is { } last && request.IndexOf(last) >= 0 && Interlocked.CompareExchange(ref _cutAfter, null, last) == last;

    private sealed class Conversation(TcpLine line, Socket client)
    {
        private readonly Socket _server = NewSocket();
        private volatile bool _cutsAtAnswer;

        public bool HoldsAnswers { get; set; }

        public async Task RunAsync()
        {
            try
            {
                await _server.ConnectAsync(IPAddress.Loopback, line._server, line._ending.Token);
                await Task.WhenAny(PumpAsync(client, _server, IsLastRequest), PumpAsync(_server, client, IsWithheld));
            }
            catch (Exception away) when (away is SocketException or OperationCanceledException)
            {
                // The server is away, and so are we for this client.
            }
            finally
            {
                Cut();
            }
        }

        public void Cut()
        {
            client.Dispose();
            _server.Dispose();
        }

        private bool IsLastRequest(ReadOnlySpan<byte> request)
        {
            _cutsAtAnswer |= line.IsToBeCutAfter(request);
            return false;
        }

        private bool IsWithheld(ReadOnlySpan<byte> answer)
        {
            if (_cutsAtAnswer)
            {
                // Answered: so it is done.
                Interlocked.Increment(ref line._cuts);
                Cut();
            }

            return _cutsAtAnswer || HoldsAnswers;
        }

        private static async Task PumpAsync(Socket from, Socket to, WithholdBytes withholds)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                for (var count = await from.ReceiveAsync(buffer); count > 0; count = await from.ReceiveAsync(buffer))
                {
                    if (!withholds(buffer.AsSpan(0, count)))
                    {
                        await to.SendAsync(buffer.AsMemory(0, count));
                    }
                }
            }
            catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
            {
                // One of both has hung up.
            }
        }

        private delegate bool WithholdBytes(ReadOnlySpan<byte> bytes);
    }
}
