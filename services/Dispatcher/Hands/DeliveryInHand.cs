using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;

namespace Webhooks.Dispatcher.Hands;

/// <summary>One delivery that a message in hand announces: what is looked at, worked on, counted and finished by itself.</summary>
internal sealed class DeliveryInHand(MessageInHand of, DeliveryMessage message)
{
    private int _faults;
    private bool _isFinished;

    public MessageInHand Of => of;

    public DeliveryMessage Message => message;

    public Guid Id => message.DeliveryId;

    /// <summary>Somebody had it in hand before, who may have died between a record and what follows it.</summary>
    public bool Redelivered => of.Received.Redelivered || message.Redelivered;

    /// <summary>How often work on it failed, as far as it is known to be the cause: a process that died may have died of another delivery.</summary>
    public long FailureCount => _faults + (of.IsAlone ? of.Received.DeliveryCount : 0);

    /// <summary>Its message stands in its queue again, and comes once more, perhaps to another dispatcher.</summary>
    public bool IsLost => of.Received.IsLost;

    /// <summary>Nothing more happens to it here.</summary>
    public bool IsFinished => Volatile.Read(ref _isFinished);

    /// <summary>Work on it has failed by a fault of our own.</summary>
    public void CountFault() => _faults++;

    /// <summary>
    /// Counts a fault of our own with which the work goes on. False, and not counted: after that one it would be parked, and the work ends with it.
    /// </summary>
    public bool BearsFault()
    {
        var isBorne = FailureCount + 1 < BrokerTopology.PoisonCount;
        if (isBorne)
        {
            CountFault();
        }

        return isBorne;
    }

    /// <summary>The last thing that happens to it. When all that a message announces is finished, the message is acknowledged.</summary>
    public void Finish()
    {
        Volatile.Write(ref _isFinished, true);
        of.FinishedOne();
    }

    /// <summary>Finishes it because it is lost, and nothing of it is under way: what comes once more is begun by whoever gets that.</summary>
    public void LeaveToOthers()
    {
        // Before it is finished: from then on it holds back nothing.
        of.Hand.GaveBack(message);
        Finish();
    }

    /// <summary>Puts it behind those that wait for their look.</summary>
    public void TakeAgain() => of.Hand.TakeAgain(this);

    /// <summary>As a message of its own that can stand for it from now on.</summary>
    public byte[] ToMessage() => of.IsAlone ? of.Received.Body : (message with { Redelivered = true }).ToBytes();
}
