using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Connections;

namespace Webhooks.Broker.Publishing;

/// <summary>
/// Publishes to queues that may never confirm: each message on a channel of its own, over a connection apart, so that nothing
/// else waits. RabbitMQ 3.10 holds a channel for half a minute at the first publish to a queue without a leader.
/// </summary>
public sealed class LonePublisher(BrokerConnection connection, BrokerOptions options, TimeProvider clock) : IAsyncDisposable
{
    // Closed while the broker holds it, a channel would take its connection with it.
    private static readonly TimeSpan ChannelLimit = TimeSpan.FromMinutes(1);

    /// <summary>Publishes once, waiting for the broker to be there.</summary>
    public async Task<PublishOutcome> TryPublishAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
        await await BeginAsync(message, cancellationToken);

    /// <summary>The same in two steps: returns once the message is on its way, so that a next one comes after it; the inner task tells the outcome.</summary>
    public async Task<Task<PublishOutcome>> BeginAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        var open = await connection.OpenAsync(cancellationToken);
        var channel = await open.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), CancellationToken.None).OrUntil(cancellationToken);
        // Never a token here: a canceled publish corrupts the client's state.
        var publishing = channel.BasicPublishAsync(message.Exchange, message.RoutingKey, message.IsMandatory, message.ToProperties(), message.Body).AsTask();
        _ = CloseAfterAsync(publishing, channel);
        return OutcomeAsync(publishing, cancellationToken);
    }

    /// <summary>Runs <paramref name="declare"/> on a channel of its own.</summary>
    public async Task DeclareAsync(Func<IChannel, Task> declare, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(declare);
        var open = await connection.OpenAsync(cancellationToken);
        await using var channel = await open.CreateChannelAsync(cancellationToken: CancellationToken.None).OrUntil(cancellationToken);
        await declare(channel).WaitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task<PublishOutcome> OutcomeAsync(Task publishing, CancellationToken cancellationToken)
    {
        try
        {
            await publishing.WaitAsync(options.ConfirmTimeout, clock, cancellationToken);
            return PublishOutcome.Confirmed;
        }
        catch (PublishException refused)
        {
            return refused.IsReturn ? PublishOutcome.Unroutable : PublishOutcome.Refused;
        }
        catch (TimeoutException)
        {
            return PublishOutcome.Unconfirmed;
        }
    }

    private async Task CloseAfterAsync(Task publishing, IChannel channel)
    {
        await publishing.WaitAsync(ChannelLimit, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await channel.DisposeAsync();
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            // It has ended with its connection.
        }
    }
}
