using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Webhooks.Sending.Receivers;

/// <summary>A TCP server that does on each connection exactly what the test says, HTTP or not.</summary>
internal sealed class RawReceiver : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _hungUp = new(0);
    private readonly Task _accepting;
    private int _connections;
    private int _requests;

    private RawReceiver(IPEndPoint endpoint, Func<RawConnection, Task> script)
    {
        _listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(endpoint);
        _listener.Listen();
        _accepting = AcceptAsync(script);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public string Url => $"http://{_listener.LocalEndPoint}/hooks";

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests that were read to their end.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public static RawReceiver Start(Func<RawConnection, Task> script) => new(new IPEndPoint(IPAddress.Loopback, 0), script);

    public static RawReceiver StartOn(string address, int port, Func<RawConnection, Task> script) => new(new IPEndPoint(IPAddress.Parse(address), port), script);

    /// <summary>Waits until one more connection has been closed by this side.</summary>
    public Task HangsUpAsync() => _hungUp.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2));

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _closing.Dispose();
        _hungUp.Dispose();
    }

    private async Task AcceptAsync(Func<RawConnection, Task> script)
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_closing.Token);
                Interlocked.Increment(ref _connections);
                open.Add(PlayAsync(new RawConnection(socket, () => Interlocked.Increment(ref _requests), _closing.Token), script));
            }
        }
        catch (OperationCanceledException)
        {
        }

        await Task.WhenAll(open);
    }

    private async Task PlayAsync(RawConnection connection, Func<RawConnection, Task> script)
    {
        using (connection)
        using (_closing.Token.Register(connection.Dispose))
        {
            try
            {
                await script(connection);
            }
            catch (Exception gone) when (gone is OperationCanceledException or IOException or SocketException or ObjectDisposedException or AuthenticationException)
            {
                // The sender hung up, or the test is over.
            }
        }

        _hungUp.Release();
    }
}

/// <summary>One accepted connection. When its script ends it is closed: politely, unless bytes were left unread.</summary>
internal sealed class RawConnection(Socket socket, Action requestRead, CancellationToken closing) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    public Stream Stream => _stream;

    public IPAddress Peer => ((IPEndPoint)socket.RemoteEndPoint!).Address;

    /// <summary>Reads one request to the end of its body and returns its head.</summary>
    public async Task<string> ReadRequestAsync()
    {
        var head = await ReadRequestAsync(_stream);
        requestRead();
        return head;
    }

    public Task<string> ReadHeadAsync() => ReadHeadAsync(_stream);

    public static async Task<string> ReadRequestAsync(Stream stream)
    {
        var head = await ReadHeadAsync(stream);
        var length = head.Split("\r\n").First(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))["Content-Length:".Length..];
        await stream.ReadExactlyAsync(new byte[int.Parse(length, CultureInfo.InvariantCulture)]);
        return head;
    }

    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), closing);

    /// <summary>Sends the text again and again, as fast as it is taken.</summary>
    public async Task SendForeverAsync(string text)
    {
        while (true)
        {
            await SendAsync(text);
        }
    }

    public async Task DripForeverAsync(string text)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await tick.WaitForNextTickAsync(closing))
        {
            await SendAsync(text);
        }
    }

    public Task StallAsync() => Task.Delay(Timeout.InfiniteTimeSpan, closing);

    /// <summary>Waits until the sender has hung up.</summary>
    public async Task WaitForEndAsync() => await _stream.CopyToAsync(Stream.Null, closing);

    public void Reset() => socket.Close(0);

    public void Dispose() => _stream.Dispose();

    private static async Task<string> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
