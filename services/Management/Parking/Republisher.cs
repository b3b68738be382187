using RabbitMQ.Client.Exceptions;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Database.Auditing;
using Webhooks.Management.Publishing;

namespace Webhooks.Management.Parking;

/// <summary>
/// Puts a parked message back where it came from: held first, so that of those who do so at once one does, then published and
/// confirmed, then marked. Whoever dies in between leaves it waiting, and it is put back once more; what happens twice to an event,
/// a delivery or a result happens once.
/// </summary>
internal sealed class Republisher(ParkedStore store, BrokerHandOver broker, ConfirmedPublisher publisher, BrokerPatience patience)
{
    private static readonly Problem NotConfirmed = Problem.Unavailable("RabbitMQ did not confirm the message. Republish it again: twice does no harm.");

    private static readonly Problem InOtherHands = Problem.Conflict("Somebody else is putting the message back, or has done so just now: read it again.");

    /// <summary>Null: it was deleted meanwhile.</summary>
    /// <exception cref="RefusedException">409: there is no way back, or somebody else is on it. 503: not confirmed.</exception>
    public async Task<StoredParked?> RepublishAsync(StoredParked parked, Actor actor, RequestClock request, CancellationToken cancellationToken)
    {
        if (parked.Queue is not { } queue || !WayBack.LeadsTo(queue))
        {
            throw new RefusedException(Problem.Conflict("The message does not say which of our queues it came from, so there is no way back."));
        }

        await FindQueueAsync(queue, request, cancellationToken);
        await using var hold = await store.HoldAsync(parked, cancellationToken);
        if (hold is null)
        {
            return await store.FindAsync(parked.Id, tenantId: null, cancellationToken) is null ? null : throw new RefusedException(InOtherHands);
        }

        // Whatever goes wrong from here on, letting go leaves the row as it was.
        if (!await broker.PublishAsync(WayBack.Of(queue, PropertiesBytes.Read(hold.Content.Properties), hold.Content.Body), request, cancellationToken))
        {
            throw new RefusedException(NotConfirmed);
        }

        return await hold.MarkRepublishedAsync(actor, cancellationToken);
    }

    // Asked for first: a message that the broker returns costs everybody's connection, because its properties are not ours.
    private async Task FindQueueAsync(string queue, RequestClock request, CancellationToken cancellationToken)
    {
        try
        {
            await patience.RunAsync(
                async token =>
                {
                    await publisher.DeclareAsync(channel => channel.QueueDeclarePassiveAsync(queue, token), token);
                    return true;
                },
                request,
                cancellationToken);
        }
        catch (OperationInterruptedException fault) when (fault.ShutdownReason?.ReplyCode == RabbitMQ.Client.Constants.NotFound)
        {
            throw new RefusedException(Problem.Conflict($"There is no queue {queue} any more, so there is no way back."));
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            throw new RefusedException(NotConfirmed);
        }
    }
}
