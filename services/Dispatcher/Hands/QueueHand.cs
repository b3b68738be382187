using System.Threading.Channels;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Dispatcher.Owed;

namespace Webhooks.Dispatcher.Hands;

/// <summary>
/// What this dispatcher has in hand of one queue, and how much that may be: counted in deliveries, which bounds the sends in
/// flight, while the broker counts messages. So the broker is given another window whenever the one that it has does not fit any more.
/// </summary>
internal sealed class QueueHand
{
    // Until messages have come they are taken for full ones, as those are that piled up while nobody consumed.
    private readonly MessageSize _size = new();
    private readonly Channel<DeliveryInHand> _waiting = Channel.CreateUnbounded<DeliveryInHand>(new UnboundedChannelOptions { SingleReader = true });
    private readonly QueueConsumer _consumer;
    private readonly QueuePosition _position;
    private readonly int _most;
    private int _unfinished;
    private long _taken;

    /// <param name="consumer">The queue's.</param>
    /// <param name="position">Told of everything that is taken.</param>
    /// <param name="most">How many deliveries may be in hand.</param>
    public QueueHand(QueueConsumer consumer, QueuePosition position, int most)
    {
        (_consumer, _position, _most) = (consumer, position, most);
        // Also after a pause, or the loss of a channel, when much may be in hand.
        consumer.FirstWindow = () => WindowFit.First(most, InHand(), _size.Average);
    }

    public string Queue => _consumer.Queue;

    /// <summary>Messages have come that were not taken yet. Anybody may ask this; the consumer's channel only its one reader.</summary>
    public bool HasUnread => _consumer.ReceivedCount != Interlocked.Read(ref _taken);

    /// <summary>What waits for its look, in order.</summary>
    public ChannelReader<DeliveryInHand> Waiting => _waiting.Reader;

    /// <summary>Takes what a message announces in hand. False: it cannot be read; <paramref name="fault"/> is a sentence.</summary>
    public bool TryTake(ReceivedMessage received, out string fault)
    {
        var announced = Announcement.Read(received.Body, out fault);
        if (announced is not null)
        {
            _size.Saw(announced.Count);
            Interlocked.Add(ref _unfinished, announced.Count);
            var message = new MessageInHand(this, received, announced.Count);
            foreach (var delivery in announced.Select(delivery => new DeliveryInHand(message, delivery)))
            {
                // Before anything is waited for: what is in hand must not be taken for lost.
                // One that is lost by now says no more than its copy: that it was given back.
                _position.Took(delivery.Message, delivery.Redelivered || received.IsLost, () => delivery.IsFinished);
                _waiting.Writer.TryWrite(delivery);
            }
        }

        Interlocked.Increment(ref _taken);
        FitWindow();
        return announced is not null;
    }

    /// <summary>A delivery that was in hand stands in the queue again.</summary>
    public void GaveBack(DeliveryMessage delivery) => _position.GaveBack(delivery);

    public void TakeAgain(DeliveryInHand delivery) => _waiting.Writer.TryWrite(delivery);

    /// <summary>Called once for each delivery.</summary>
    public void FinishedOne()
    {
        Interlocked.Decrement(ref _unfinished);
        FitWindow();
    }

    private void FitWindow()
    {
        if (_consumer.Free is { } free && WindowFit.Instead(_most, InHand(), free, _size.Average) is { } messages)
        {
            _consumer.Renew(messages);
        }
    }

    // With what has come and was not taken yet, counted as messages of average size.
    private int InHand() => Volatile.Read(ref _unfinished) + (int)((_consumer.ReceivedCount - Interlocked.Read(ref _taken)) * _size.Average);
}
