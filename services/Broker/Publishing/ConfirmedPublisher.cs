using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
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

    private static readonly TimeSpan RepeatPause = TimeSpan.FromMilliseconds(100);

    private readonly PublishLink _link;
    private readonly ConfirmWatch _watch;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _inFlight = new(InFlightLimit, InFlightLimit);

    /// <param name="connection">Used by nobody else.</param>
    /// <param name="options">The confirm timeout.</param>
    /// <param name="declare">Declares what is published to, on every new connection: a broker may come back empty.</param>
    /// <param name="mostRefusing">For how long a channel may be refused what another one may not be.</param>
    public ConfirmedPublisher(
        BrokerConnection connection, BrokerOptions options, Func<IChannel, Task> declare, TimeSpan mostRefusing, TimeProvider clock, ILogger<ConfirmedPublisher> logger)
    {
        (_clock, _logger, _link) = (clock, logger, new PublishLink(connection, declare, options.ConfirmTimeout, mostRefusing, clock, logger));
        _watch = new ConfirmWatch(_link, WhenReadyAsync, options.ConfirmTimeout, clock, logger);
    }

    /// <summary>True while connected and not blocked by the broker.</summary>
    public bool IsReady => _link.IsReady;

    /// <summary>
    /// Is it ready, and does the broker answer? For callers that ask seldom: <see cref="IsReady"/> costs nothing, but is late to tell
    /// of a broker that stops without a word.
    /// </summary>
    public Task<bool> AnswersAsync(CancellationToken cancellationToken) => _link.AnswersAsync(cancellationToken);

    /// <summary>Completes when the broker is connected and takes publishes.</summary>
    public async Task WhenReadyAsync(CancellationToken cancellationToken)
    {
        while (!IsReady)
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                var channel = await _link.OpenAsync(cancellationToken);
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
                    await _link.ReplaceAsync(_link.Present);
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
                var channel = await _link.OpenAsync(cancellationToken);
                if (channel.Blocked is { } blocked)
                {
                    await blocked.WaitAsync(cancellationToken);
                    channel = await _link.OpenAsync(cancellationToken);
                }

                await _inFlight.WaitAsync(cancellationToken);
                await _link.WriteAsync(channel, messages[sent], batch, sent);
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

        return OutcomesAsync(messages, batch);
    }

    /// <summary>Declares what is published to once more, for callers whose message was unroutable.</summary>
    public Task DeclareAgainAsync(CancellationToken cancellationToken) => _link.DeclareAgainAsync(cancellationToken);

    /// <summary>Runs <paramref name="declare"/> on a channel of its own, for queues that become needed while running.</summary>
    public Task DeclareAsync(Func<IChannel, Task> declare, CancellationToken cancellationToken) => _link.DeclareAsync(declare, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // First: it would open another channel.
        await _watch.DisposeAsync();
        await _link.DisposeAsync();
    }

    private async Task<PublishOutcome[]> OutcomesAsync(IReadOnlyList<OutgoingMessage> messages, PublishBatch batch)
    {
        var outcomes = await batch.Done;
        await _link.HeardAsync(messages, outcomes);
        return outcomes;
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Warning, "{Count} messages were not confirmed: publishing them again")]
        public static partial void Repeating(ILogger logger, int count);
    }
}
