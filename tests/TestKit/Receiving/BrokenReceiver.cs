using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Webhooks.TestKit;

/// <summary>A TCP server that is not a decent HTTP server; one factory for each way of misbehaving.</summary>
public sealed class BrokenReceiver : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentBag<Socket> _connections = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly Func<Socket, CancellationToken, Task> _misbehave;
    private readonly string _scheme;
    private Task _accepting = Task.CompletedTask;
    private int _count;

    private BrokenReceiver(Func<Socket, CancellationToken, Task> misbehave, string scheme = "http")
    {
        _misbehave = misbehave;
        _scheme = scheme;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    public string Url => $"{_scheme}://{(_scheme == "https" ? "localhost" : "127.0.0.1")}:{((IPEndPoint)_listener.LocalEndPoint!).Port}";

    /// <summary>Connections taken so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The port is taken but nobody listens: connections are refused, and nobody else can get it meanwhile.</summary>
    public static BrokenReceiver RefusingConnections() => new((_, _) => Task.CompletedTask);

    /// <summary>Takes the connection and never reads nor answers.</summary>
    public static BrokenReceiver Silent() => Listening((_, ending) => Task.Delay(Timeout.InfiniteTimeSpan, ending));

    public static BrokenReceiver ClosingBeforeTheAnswer() => Listening(async (socket, ending) =>
    {
        await ReadRequestAsync(socket, ending);
        socket.Shutdown(SocketShutdown.Both);
    });

    /// <summary>Breaks the connection off with a TCP reset.</summary>
    public static BrokenReceiver Resetting() => Listening(async (socket, ending) =>
    {
        await ReadRequestAsync(socket, ending);
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    });

    /// <summary>Answers something that is not HTTP.</summary>
    public static BrokenReceiver AnsweringGarbage() => AnsweringThenClosing("220 mail.example ESMTP ready\r\n\r\n");

    /// <summary>A status line and one header, and then nothing more, ever.</summary>
    public static BrokenReceiver StallingInTheHeaders() => Listening(async (socket, ending) =>
    {
        await ReadRequestAsync(socket, ending);
        await socket.SendAsync("HTTP/1.1 200 OK\r\nX-First: 1\r\n"u8.ToArray(), ending);
        await Task.Delay(Timeout.InfiniteTimeSpan, ending);
    });

    /// <summary>Complete headers that promise a body, of which only the beginning ever comes.</summary>
    public static BrokenReceiver StallingInTheBody() => Listening(async (socket, ending) =>
    {
        await ReadRequestAsync(socket, ending);
        await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbeginning"u8.ToArray(), ending);
        await Task.Delay(Timeout.InfiniteTimeSpan, ending);
    });

    /// <summary>A correct answer but for 40 KiB of headers.</summary>
    public static BrokenReceiver AnsweringHugeHeaders() => AnsweringThenClosing(
        $"HTTP/1.1 200 OK\r\nX-Huge: {new string('h', 40 * 1024)}\r\nContent-Length: 0\r\n\r\n");

    /// <summary>Answers the TLS client hello with plain HTTP.</summary>
    public static BrokenReceiver BreakingTheHandshake() => Listening(
        async (socket, ending) =>
        {
            await socket.ReceiveAsync(new byte[4096], ending);
            await socket.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), ending);
            socket.Shutdown(SocketShutdown.Both);
        },
        "https");

    /// <summary>Any bytes at all, once the request's headers have come.</summary>
    public static BrokenReceiver AnsweringThenClosing(string answer) => Listening(async (socket, ending) =>
    {
        await ReadRequestAsync(socket, ending);
        await socket.SendAsync(Encoding.ASCII.GetBytes(answer), ending);
        socket.Shutdown(SocketShutdown.Both);
    });

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        await _accepting;
        _ending.Dispose();
    }

    private static BrokenReceiver Listening(Func<Socket, CancellationToken, Task> misbehave, string scheme = "http")
    {
        var receiver = new BrokenReceiver(misbehave, scheme);
        receiver._listener.Listen();
        receiver._accepting = receiver.AcceptAsync();
        return receiver;
    }

    private async Task AcceptAsync()
    {
        var conversations = new List<Task>();
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptAsync(_ending.Token);
                Interlocked.Increment(ref _count);
                _connections.Add(connection);
                conversations.Add(ConverseAsync(connection));
            }
        }
        catch (Exception) when (_ending.IsCancellationRequested)
        {
            await Task.WhenAll(conversations);
        }
    }

    private async Task ConverseAsync(Socket connection)
    {
        try
        {
            await _misbehave(connection, _ending.Token);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The sender hung up first, or the test is over.
        }
    }

    // To the end of what was announced: closing with unread bytes would send a reset where a test wants an orderly end.
    private static async Task ReadRequestAsync(Socket socket, CancellationToken ending)
    {
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        while (!IsComplete(text.ToString()))
        {
            var count = await socket.ReceiveAsync(buffer, ending);
            if (count == 0)
            {
                return;
            }

            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }

    private static bool IsComplete(string request)
    {
        var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        var length = request[..end].Split("\r\n")
            .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line.Split(':')[1]))
            .FirstOrDefault();
        return request.Length - end - 4 >= length;
    }
}
