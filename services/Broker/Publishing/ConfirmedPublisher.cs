using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Connections;

namespace Webhooks.Broker.Publishing;

/// <summary>
/// Publishes with confirms, a bounded number in flight, over a connection of its own that is replaced when it is lost
/// or when a confirm does not come in time.
/// </summary>
public sealed partial class ConfirmedPublisher : IAsyncDisposable
{
    /// <summary>More in flight gains nothing (the broker's log is shared) and costs memory.</summary>
    private const int InFlightLimit = 1000;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RepeatPause = TimeSpan.FromMilliseconds(100);

    // A queue without a leader has another one sooner.
    private static readonly TimeSpan MostRefusing = TimeSpan.FromSeconds(1);

    private readonly BrokerConnection _connection;
    private readonly BrokerOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Func<IChannel, Task> _declare;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _inFlight = new(InFlightLimit, InFlightLimit);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watch;
    private PublishChannel? _open;

    /// <param name="connection">Used by nobody else.</param>
    /// <param name="options">The confirm timeout.</param>
    /// <param name="declare">Declares what is published to, on every new connection: a broker may come back empty.</param>
    public ConfirmedPublisher(
        BrokerConnection connection, BrokerOptions options, Func<IChannel, Task> declare, TimeProvider clock, ILogger<ConfirmedPublisher> logger)
    {
        (_connection, _options, _declare, _clock, _logger) = (connection, options, declare, clock, logger);
        _watch = Task.Run(WatchAsync);
    }

    /// <summary>True while connected and not blocked by the broker.</summary>
    public bool IsReady => Volatile.Read(ref _open) is { IsOpen: true, Blocked: null };

    /// <summary>
    /// Is it ready, and does the broker answer? For callers that ask seldom: <see cref="IsReady"/> costs nothing, but is late to tell
    /// of a broker that stops without a word.
    /// </summary>
    public Task<bool> AnswersAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _open) is { IsOpen: true, Blocked: null } open ? open.AnswersAsync(cancellationToken) : Task.FromResult(false);

    /// <summary>Completes when the broker is connected and takes publishes.</summary>
    public async Task WhenReadyAsync(CancellationToken cancellationToken)
    {
        while (!IsReady)
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                var channel = await OpenAsync(cancellationToken);
                if (channel.Blocked is { } blocked)
                {
                    await blocked.WaitAsync(cancellationToken);
                }
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>Publishes until every message is confirmed. What was in doubt is published again.</summary>
    public async Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        while (messages.Count > 0)
        {
            var outcomes = await TryPublishAsync(messages, cancellationToken);
            messages = [.. messages.Where((_, index) => outcomes[index] != PublishOutcome.Confirmed)];
            if (messages.Count > 0)
            {
                Log.Repeating(_logger, messages.Count);
                if (outcomes.Contains(PublishOutcome.Unroutable))
                {
                    // Somebody deleted what we publish to: a new connection declares it again.
                    await ReplaceAsync(Volatile.Read(ref _open));
                }

                await Task.Delay(RepeatPause, _clock, cancellationToken);
            }
        }
    }

    /// <summary>Publishes once, waiting for the broker to be there, and tells what became of each message.</summary>
    public async Task<PublishOutcome[]> TryPublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken) =>
        // Who stops waiting leaves the outcome in doubt.
        await (await BeginAsync(messages, cancellationToken)).WaitAsync(cancellationToken);

    /// <summary>
    /// The same in two steps: returns once the messages are on their way; the inner task tells what became of each, however
    /// late, and ends with the connection at the latest.
    /// </summary>
    public async Task<Task<PublishOutcome[]>> BeginAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
        {
            return Task.FromResult(Array.Empty<PublishOutcome>());
        }

        var batch = new PublishBatch(messages.Count, _inFlight);
        await _turn.WaitAsync(cancellationToken);
        var sent = 0;
        try
        {
            for (; sent < messages.Count; sent++)
            {
                var channel = await OpenAsync(cancellationToken);
                if (channel.Blocked is { } blocked)
                {
                    await blocked.WaitAsync(cancellationToken);
                    channel = await OpenAsync(cancellationToken);
                }

                await _inFlight.WaitAsync(cancellationToken);
                await WriteAsync(channel, messages[sent], batch, sent);
            }
        }
        finally
        {
            _turn.Release();
            for (; sent < messages.Count; sent++)
            {
                batch.SettleUnsent(sent, PublishOutcome.Unknown);
            }
        }

        return OutcomesAsync(batch);
    }

    /// <summary>Declares what is published to once more, for callers whose message was unroutable.</summary>
    public Task DeclareAgainAsync(CancellationToken cancellationToken) => DeclareAsync(_declare, cancellationToken);

    /// <summary>Runs <paramref name="declare"/> on a channel of its own, for queues that become needed while running.</summary>
    public async Task DeclareAsync(Func<IChannel, Task> declare, CancellationToken cancellationToken)
    {
        var connection = await _connection.OpenAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None).OrUntil(cancellationToken);
        await declare(channel);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watch;
        await ReplaceAsync(Volatile.Read(ref _open));
        await _connection.DisposeAsync();
        _stop.Dispose();
    }

    private async Task<PublishOutcome[]> OutcomesAsync(PublishBatch batch)
    {
        var outcomes = await batch.Done;
        if (outcomes.Contains(PublishOutcome.Refused) && Volatile.Read(ref _open) is { } open && open.RefusedFor() > MostRefusing)
        {
            // A channel of RabbitMQ 3.10 that meets a queue for the first time while its leader is gone asks that one node ever
            // after, and refuses all until it is back. Another channel finds the new leader.
            Log.KeepsRefusing(_logger);
            await ReplaceAsync(open);
        }

        return outcomes;
    }

    private async ValueTask WriteAsync(PublishChannel channel, OutgoingMessage message, PublishBatch batch, int index)
    {
        try
        {
            var write = channel.PublishAsync(message, batch, index);
            if (!write.IsCompletedSuccessfully)
            {
                // A write that waits for room is not told that its connection is lost (rabbitmq-dotnet-client 1928).
                var ended = await Task.WhenAny(write.AsTask(), channel.Closed).WaitAsync(_options.ConfirmTimeout, _clock);
                await ended;
            }
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            await ReplaceAsync(channel);
        }
    }

    private async Task<PublishChannel> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_open is { IsOpen: true } open)
            {
                return open;
            }

            await ReplaceAsync(_open);
            var connection = await _connection.OpenAsync(cancellationToken);
            try
            {
                await using (var declaring = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None).OrUntil(cancellationToken))
                {
                    // Not only the broker may be waited for in there.
                    await _declare(declaring).WaitAsync(cancellationToken);
                }

                var opened = await PublishChannel.OpenAsync(connection, _clock, cancellationToken);
                if (Interlocked.Exchange(ref _open, opened)?.Channel.CloseReason is { Initiator: not ShutdownInitiator.Application } lost)
                {
                    // What ended it may be a message of ours, and so it goes on until somebody reads why.
                    Log.Lost(_logger, _connection.Describe(new AlreadyClosedException(lost)));
                }
            }
            catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
            {
                Log.OpenFailed(_logger, _connection.Describe(fault), RepeatPause.TotalSeconds);
                await _connection.DropAsync(connection);
                await Task.Delay(RepeatPause, _clock, cancellationToken);
            }
        }
    }

    /// <summary>Gives up a channel with its connection. What it had in flight is in doubt.</summary>
    private async Task ReplaceAsync(PublishChannel? channel)
    {
        if (channel is null)
        {
            return;
        }

        await _connection.DropAsync(channel.Connection);
        channel.AbandonAll();
    }

    /// <summary>Keeps the connection open, also while nothing is published (readiness asks for it), and gives up one that no longer confirms.</summary>
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchInterval, _clock);
        do
        {
            await WhenReadyAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Volatile.Read(ref _open) is { } channel && channel.OldestAge() > _options.ConfirmTimeout)
            {
                Log.ConfirmOverdue(_logger, _options.ConfirmTimeout.TotalSeconds);
                channel.MarkOverdue();
                await ReplaceAsync(channel);
            }
        }
        while (await NextTickAsync(timer));
    }

    private async Task<bool> NextTickAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "RabbitMQ did not confirm within {Seconds} s: replacing the connection")]
        public static partial void ConfirmOverdue(ILogger logger, double seconds);

        [LoggerMessage(2, LogLevel.Warning, "{Count} messages were not confirmed: publishing them again")]
        public static partial void Repeating(ILogger logger, int count);

        [LoggerMessage(5, LogLevel.Warning, "{Reason}; publishing goes on over another")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(4, LogLevel.Warning, "RabbitMQ keeps refusing messages: replacing the connection")]
        public static partial void KeepsRefusing(ILogger logger);

        [LoggerMessage(3, LogLevel.Warning, "{Reason}; opening a channel to publish on is tried again in {Seconds} s")]
        public static partial void OpenFailed(ILogger logger, string reason, double seconds);
    }
}
