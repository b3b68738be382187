using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Webhooks.Faults.Running;

namespace Webhooks.Faults.Receiving;

/// <summary>Every subscriber's receiver: one server, a path for each, and a manner that can be changed while it runs.</summary>
internal sealed class Receivers : IAsyncDisposable
{
    // Two seconds of headers: as long as the deadline, so that some arrive in time and some do not. Bodies take longer.
    private static readonly TimeSpan BetweenBytes = TimeSpan.FromMilliseconds(50);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<Task, bool> _conversations = new();
    private readonly ConcurrentDictionary<int, Manner> _manners = new();
    private readonly ConcurrentDictionary<int, int> _unanswered = new();
    private readonly ConcurrentDictionary<int, int> _mostUnanswered = new();
    private readonly ReceiptBook _book;
    private readonly Task _accepting;

    public Receivers(ReceiptBook book)
    {
        _book = book;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    /// <summary>The most requests that each receiver which takes its time had unanswered together.</summary>
    public IReadOnlyDictionary<int, int> MostInFlight => _mostUnanswered;

    public string UrlOf(Subscriber subscriber) => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/{subscriber.Number}";

    public void Behave(int subscriber, Manner manner) => _manners[subscriber] = manner;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_conversations.Keys);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var conversation = ConverseAsync(await _listener.AcceptAsync(_ending.Token));
                _conversations[conversation] = true;
                _ = conversation.ContinueWith(ended => _conversations.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
        }
    }

    private async Task ConverseAsync(Socket connection)
    {
        using var _ = connection;
        try
        {
            connection.NoDelay = true;
            var reader = new HttpRequestReader(connection);
            while (await reader.ReadAsync(_ending.Token) is { } request)
            {
                await AnswerAsync(connection, request);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The sender has given up, or been killed.
        }
    }

    private async Task AnswerAsync(Socket connection, RawRequest request)
    {
        var subscriber = Subscriber.All[int.Parse(request.Path.AsSpan(1), CultureInfo.InvariantCulture)];
        var number = _book.NumberOf(request);
        switch (_manners.GetValueOrDefault(subscriber.Number))
        {
            case Manner.Failing:
                _book.Enter(subscriber, number, request, status: 500);
                await SendAsync(connection, "HTTP/1.1 500 Failing\r\nContent-Length: 0\r\n\r\n");
                break;
            case Manner.Throttling:
                _book.Enter(subscriber, number, request, status: 429);
                await SendAsync(connection, $"HTTP/1.1 429 Slower\r\nRetry-After: {1 + (number % 2)}\r\nContent-Length: 0\r\n\r\n");
                break;
            case Manner.Stalling:
                _book.Enter(subscriber, number, request, status: 0);
                await connection.ReceiveAsync(new byte[1], _ending.Token);
                connection.Dispose();
                break;
            case Manner.Resetting:
                _book.Enter(subscriber, number, request, status: 0);
                connection.LingerState = new LingerOption(enable: true, seconds: 0);
                connection.Dispose();
                break;
            case Manner.Dripping:
                // Entered before the first byte: the sender may have taken it when the last one fails to go out.
                _book.Enter(subscriber, number, request, status: 200);
                await DripAsync(connection, body: number % 2 == 0);
                break;
            default:
                var status = subscriber.AnswerTo(number);
                _book.Enter(subscriber, number, request, status);
                await ThinkAsync(subscriber);
                await SendAsync(connection, $"HTTP/1.1 {status} Answer\r\nContent-Length: 0\r\n\r\n");
                break;
        }
    }

    private async Task ThinkAsync(Subscriber subscriber)
    {
        if (subscriber.AnswersAfter == TimeSpan.Zero)
        {
            return;
        }

        var unanswered = _unanswered.AddOrUpdate(subscriber.Number, 1, (_, before) => before + 1);
        _mostUnanswered.AddOrUpdate(subscriber.Number, unanswered, (_, most) => Math.Max(most, unanswered));
        await Task.Delay(subscriber.AnswersAfter, _ending.Token);
        // Before the answer: whoever has that may begin another request at once.
        _unanswered.AddOrUpdate(subscriber.Number, 0, (_, before) => before - 1);
    }

    private async Task DripAsync(Socket connection, bool body)
    {
        const string Headers = "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n";
        var slowly = new string('.', 60);
        if (body)
        {
            await SendAsync(connection, Headers);
        }
        else
        {
            slowly = Headers + slowly;
        }

        foreach (var letter in slowly)
        {
            await SendAsync(connection, letter.ToString());
            await Task.Delay(BetweenBytes, _ending.Token);
        }
    }

    private async Task SendAsync(Socket connection, string text) => await connection.SendAsync(Encoding.ASCII.GetBytes(text), _ending.Token);
}
