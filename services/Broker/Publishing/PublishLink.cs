using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Connections;

namespace Webhooks.Broker.Publishing;

/// <summary>A publisher's way to the broker: one channel at a time, with a connection of its own, and another one when that is lost or given up.</summary>
/// <param name="connection">Used by nobody else.</param>
/// <param name="declare">Declares what is published to, on every new connection: a broker may come back empty.</param>
/// <param name="writeTimeout">How long a write may wait for room.</param>
/// <param name="mostRefusing">For how long the broker may refuse what goes to a queue before another channel is tried.</param>
/// <param name="clock">Tells how long anything takes.</param>
/// <param name="logger">The publisher's.</param>
internal sealed partial class PublishLink(
    BrokerConnection connection, Func<IChannel, Task> declare, TimeSpan writeTimeout, TimeSpan mostRefusing, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan OpenPause = TimeSpan.FromMilliseconds(100);

    private PublishChannel? _present;

    /// <summary>The last channel that was opened, which may be lost by now; null: there was none yet.</summary>
    public PublishChannel? Present => Volatile.Read(ref _present);

    /// <summary>True while connected and not blocked by the broker.</summary>
    public bool IsReady => Present is { IsOpen: true, Blocked: null };

    /// <summary>The same, and the broker gives a sign of life.</summary>
    public Task<bool> AnswersAsync(CancellationToken cancellationToken) =>
        Present is { IsOpen: true, Blocked: null } open ? open.AnswersAsync(cancellationToken) : Task.FromResult(false);

    /// <summary>The open channel, waiting for the broker as long as it takes. Callers take turns.</summary>
    public async Task<PublishChannel> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_present is { IsOpen: true } open)
            {
                return open;
            }

            await ReplaceAsync(_present);
            var opened = await connection.OpenAsync(cancellationToken);
            try
            {
                await OnChannelAsync(opened, declare, cancellationToken);
                var channel = await PublishChannel.OpenAsync(opened, clock, cancellationToken);
                if (Interlocked.Exchange(ref _present, channel)?.Channel.CloseReason is { Initiator: not ShutdownInitiator.Application } lost)
                {
                    // What ended it may be a message of ours, and so it goes on until somebody reads why.
                    Log.Lost(logger, connection.Describe(new AlreadyClosedException(lost)));
                }
            }
            catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
            {
                Log.OpenFailed(logger, connection.Describe(fault), OpenPause.TotalSeconds);
                await connection.DropAsync(opened);
                await Task.Delay(OpenPause, clock, cancellationToken);
            }
        }
    }

    /// <summary>Writes one message of a batch; a channel over which that is not possible is given up. Callers take turns.</summary>
    public async ValueTask WriteAsync(PublishChannel channel, OutgoingMessage message, PublishBatch batch, int index)
    {
        try
        {
            var write = channel.PublishAsync(message, batch, index);
            if (!write.IsCompletedSuccessfully)
            {
                // A write that waits for room is not told that its connection is lost (rabbitmq-dotnet-client 1928).
                var ended = await Task.WhenAny(write.AsTask(), channel.Closed).WaitAsync(writeTimeout, clock);
                await ended;
            }
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            await ReplaceAsync(channel);
        }
    }

    /// <summary>The broker has spoken on these messages: gives up a channel on which it has refused for long.</summary>
    public async Task HeardAsync(IReadOnlyList<OutgoingMessage> messages, IReadOnlyList<PublishOutcome> outcomes)
    {
        if (Present is { } open && open.Refusals.Heard(messages, outcomes) > mostRefusing)
        {
            // A channel of RabbitMQ 3.10 that meets a queue for the first time while its leader is gone asks that one node ever
            // after, and refuses all until it is back. Another channel finds the new leader.
            Log.KeepsRefusing(logger);
            await ReplaceAsync(open);
        }
    }

    /// <summary>Gives up a channel with its connection. What it had in flight is in doubt.</summary>
    public async Task ReplaceAsync(PublishChannel? channel)
    {
        if (channel is null)
        {
            return;
        }

        await connection.DropAsync(channel.Connection);
        channel.AbandonAll();
    }

    /// <summary>Declares what is published to once more.</summary>
    public Task DeclareAgainAsync(CancellationToken cancellationToken) => DeclareAsync(declare, cancellationToken);

    /// <summary>Runs <paramref name="what"/> on a channel of its own; whoever publishes need not wait for it.</summary>
    public async Task DeclareAsync(Func<IChannel, Task> what, CancellationToken cancellationToken) =>
        await OnChannelAsync(await connection.OpenAsync(cancellationToken), what, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ReplaceAsync(Present);
        await connection.DisposeAsync();
    }

    private static async Task OnChannelAsync(IConnection open, Func<IChannel, Task> what, CancellationToken cancellationToken)
    {
        await using var channel = await open.CreateChannelAsync(cancellationToken: CancellationToken.None).OrUntil(cancellationToken);
        // Not only the broker may be waited for in there.
        await what(channel).WaitAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(4, LogLevel.Warning, "RabbitMQ keeps refusing messages: replacing the connection")]
        public static partial void KeepsRefusing(ILogger logger);

        [LoggerMessage(5, LogLevel.Warning, "{Reason}; publishing goes on over another")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(3, LogLevel.Warning, "{Reason}; opening a channel to publish on is tried again in {Seconds} s")]
        public static partial void OpenFailed(ILogger logger, string reason, double seconds);
    }
}
