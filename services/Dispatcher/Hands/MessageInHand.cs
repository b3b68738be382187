using Webhooks.Broker.Consuming;
using Webhooks.Broker.Topology;

namespace Webhooks.Dispatcher.Hands;

/// <summary>A message in hand with what it announces. It alone decides when it is acknowledged: when all of that is finished.</summary>
internal sealed class MessageInHand(QueueHand hand, ReceivedMessage received, int deliveries)
{
    private int _unfinished = deliveries;

    public QueueHand Hand => hand;

    public ReceivedMessage Received => received;

    /// <summary>It announces one delivery and no other.</summary>
    public bool IsAlone { get; } = deliveries == 1;

    /// <summary>Those who held it died too often, of one of its deliveries, and nobody knows which: each must stand alone.</summary>
    public bool IsToBeSplit => !IsAlone && received.DeliveryCount >= BrokerTopology.PoisonCount;

    /// <summary>One of its deliveries is finished; called once for each.</summary>
    public void FinishedOne()
    {
        if (Interlocked.Decrement(ref _unfinished) == 0)
        {
            received.Ack();
        }

        hand.FinishedOne();
    }
}
