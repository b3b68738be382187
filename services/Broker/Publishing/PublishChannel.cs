using System.Globalization;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Webhooks.Broker.Connections;

namespace Webhooks.Broker.Publishing;

/// <summary>
/// One channel in confirm mode. The confirms are tracked here rather than by the client, whose tracking costs a header
/// and a semaphore per message and is corrupted by a canceled token (decision 0003).
/// </summary>
internal sealed class PublishChannel
{
    // Tells our numbers from the correlation ids of messages that we only pass on, which may be numbers too.
    private const char OwnNumber = '#';

    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly TimeProvider _clock;
    private readonly BrokerProbe _probe;
    private readonly PendingConfirms _pending = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource? _blocked;
    private long _unblockedAt;
    private volatile bool _isOverdue;

    private PublishChannel(IConnection connection, IChannel channel, TimeProvider clock)
    {
        (_connection, _channel, _clock, _probe, Refusals) = (connection, channel, clock, new BrokerProbe(connection, clock), new Refusals(clock));
        channel.BasicAcksAsync += (_, ack) => Settle(ack.DeliveryTag, ack.Multiple, PublishOutcome.Confirmed);
        channel.BasicNacksAsync += (_, nack) => Settle(nack.DeliveryTag, nack.Multiple, PublishOutcome.Refused);
        channel.BasicReturnAsync += OnReturnedAsync;
        channel.ChannelShutdownAsync += (_, _) => Abandon();
        connection.ConnectionBlockedAsync += (_, _) =>
        {
            _blocked ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            Volatile.Write(ref _unblockedAt, clock.GetTimestamp());
            Interlocked.Exchange(ref _blocked, null)?.TrySetResult();
            return Task.CompletedTask;
        };
    }

    public IConnection Connection => _connection;

    public IChannel Channel => _channel;

    public bool IsOpen => _channel.IsOpen;

    public Refusals Refusals { get; }

    /// <summary>Completes when the channel is lost.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Non-null while the broker blocks publishers (memory or disk alarm).</summary>
    public Task? Blocked => _blocked?.Task;

    /// <summary>False: the broker gives no sign of life.</summary>
    public Task<bool> AnswersAsync(CancellationToken cancellationToken) => _probe.AnswersAsync(cancellationToken);

    public static async Task<PublishChannel> OpenAsync(IConnection connection, TimeProvider clock, CancellationToken cancellationToken) =>
        new(connection, await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false), CancellationToken.None).OrUntil(cancellationToken), clock);

    /// <summary>How long the oldest publish has waited, not counting time in which the broker blocked us.</summary>
    public TimeSpan OldestAge()
    {
        if (_blocked is not null || _pending.OldestSentAt() is not { } sentAt)
        {
            return TimeSpan.Zero;
        }

        return _clock.GetElapsedTime(Math.Max(sentAt, Volatile.Read(ref _unblockedAt)));
    }

    /// <summary>Writes one message; callers take turns. The outcome reaches the batch.</summary>
    public async ValueTask PublishAsync(OutgoingMessage message, PublishBatch batch, int index)
    {
        var hasId = message is { Properties: null, MessageId: not null };
        var number = _pending.Add(batch, index, _clock.GetTimestamp(), hasId ? message : null);
        // A return names no sequence number; the correlation id carries it back. What others read has an id by which it is found,
        // and nothing of ours on it.
        var properties = message.ToProperties(hasId ? null : string.Create(CultureInfo.InvariantCulture, $"{OwnNumber}{number}"));

        // Never a token here: a canceled publish corrupts the client's state.
        await _channel.BasicPublishAsync(message.Exchange, message.RoutingKey, message.IsMandatory, properties, message.Body);
    }

    /// <summary>The channel is about to be given up because a confirm is overdue: that is then the outcome of all that is in flight.</summary>
    public void MarkOverdue() => _isOverdue = true;

    public void AbandonAll() => _pending.Abandon(_isOverdue ? PublishOutcome.Unconfirmed : PublishOutcome.Unknown);

    private Task Settle(ulong number, bool multiple, PublishOutcome outcome)
    {
        _pending.Settle(number, multiple, outcome);
        return Task.CompletedTask;
    }

    private Task OnReturnedAsync(object sender, BasicReturnEventArgs returned)
    {
        if (returned.BasicProperties.CorrelationId is [OwnNumber, .. var digits] && ulong.TryParse(digits, CultureInfo.InvariantCulture, out var number))
        {
            _pending.Returned(number);
            return Task.CompletedTask;
        }

        if (returned.BasicProperties.MessageId is { } messageId && _pending.Returned(returned.Exchange, returned.RoutingKey, messageId))
        {
            return Task.CompletedTask;
        }

        // A message with foreign properties has no queue: the topology is gone. All that is in flight becomes
        // doubtful, is published again over a new connection, and that declares everything first.
        return _connection.AbortAsync();
    }

    private Task Abandon()
    {
        _closed.TrySetResult();
        AbandonAll();
        Interlocked.Exchange(ref _blocked, null)?.TrySetResult();
        return Task.CompletedTask;
    }
}
