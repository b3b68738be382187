using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Contracts;

namespace Webhooks.CallbackIngest.Commands;

/// <summary>A command on its way out.</summary>
internal sealed record OutgoingCommand(CallbackRoute Route, Guid Id, ReadOnlyMemory<byte> Body, string? TraceParent)
{
    // What MassTransit's raw JSON goes by; whoever knows nothing of it ignores it.
    private const string MessageTypeHeader = "MT-MessageType";

    // The only place where MassTransit looks for a trace.
    private const string ActivityHeader = "MT-Activity-Id";

    public OutgoingMessage Message()
    {
        var headers = new Dictionary<string, object?>(StringComparer.Ordinal) { [MessageTypeHeader] = Route.MessageType };
        if (TraceParent is not null)
        {
            headers["traceparent"] = TraceParent;
            headers[ActivityHeader] = TraceParent;
        }

        return new OutgoingMessage(BrokerNames.CommandsExchange, Route.RoutingKey, Body) { MessageId = Id.ToString(), Headers = headers };
    }
}

/// <summary>What became of a command in the time there was.</summary>
/// <param name="IsConfirmed">False: not, or not in time.</param>
/// <param name="IsConfirmedLate">Whether the broker confirms it all the same, known when it has or when its connection has ended.</param>
internal sealed record CommandOutcome(bool IsConfirmed, Task<bool> IsConfirmedLate);

/// <summary>Hands commands to the broker and waits for its confirm: from then on they are as safe as its quorum queue, and repeated all the same.</summary>
internal sealed partial class CommandPublisher(
    ConfirmedPublisher publisher, RouteTable routes, BrokerOptions broker, TimeProvider clock, ILogger<CommandPublisher> logger)
{
    // A connection that is lost is back within a second, or the broker is away and waiting longer only holds callers up.
    private static readonly TimeSpan ToConnect = TimeSpan.FromSeconds(1);

    /// <summary>False: the broker is away.</summary>
    public async Task<bool> IsThereAsync(CancellationToken cancellationToken)
    {
        if (publisher.IsReady)
        {
            return true;
        }

        using var limit = new CancellationTokenSource(ToConnect, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        // Twice: giving up a lost connection takes its time whatever the token says.
        await publisher.WhenReadyAsync(either.Token).WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return publisher.IsReady;
    }

    /// <summary>Publishes until the broker confirms, refuses, is away, or the time is up.</summary>
    public async Task<CommandOutcome> TryPublishAsync(OutgoingCommand command, CancellationToken deadline)
    {
        var publishing = Task.FromResult(PublishOutcome.Unknown);
        try
        {
            while (await IsThereAsync(deadline))
            {
                publishing = PublishAsync(command.Message(), deadline);
                switch (await publishing.WaitAsync(deadline))
                {
                    case PublishOutcome.Confirmed:
                        return new CommandOutcome(IsConfirmed: true, Task.FromResult(false));
                    case PublishOutcome.Refused:
                        Log.Refused(logger, command.Route.Name);
                        return new CommandOutcome(IsConfirmed: false, Task.FromResult(false));
                    case PublishOutcome.Unroutable:
                        // Somebody has deleted the queue.
                        await publisher.DeclareAsync(routes.DeclareAsync, deadline).WaitAsync(deadline);
                        break;
                    default:
                        break;
                }
            }
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            Log.Away(logger, BrokerFault.Describe(fault, broker.Nodes));
        }

        return new CommandOutcome(IsConfirmed: false, IsConfirmedAsync(publishing));
    }

    // After the deadline nothing is sent any more, but what was sent is waited for: a broker that blocks us reads it when it goes on.
    private async Task<PublishOutcome> PublishAsync(OutgoingMessage message, CancellationToken deadline) =>
        (await await publisher.BeginAsync([message], deadline))[0];

    private static async Task<bool> IsConfirmedAsync(Task<PublishOutcome> publishing)
    {
        try
        {
            return await publishing == PublishOutcome.Confirmed;
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            // It was not sent.
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; a command is not confirmed")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Warning, "RabbitMQ refused a command of {Route}")]
        public static partial void Refused(ILogger logger, string route);
    }
}
