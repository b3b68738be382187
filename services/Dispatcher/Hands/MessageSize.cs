using Webhooks.Broker.Deliveries;

namespace Webhooks.Dispatcher.Hands;

/// <summary>How many deliveries the messages of a queue have announced lately, on average.</summary>
internal sealed class MessageSize
{
    // Some ten messages make another average.
    private const double Weight = 0.1;

    private double _average = Announcement.MostTogether;

    public double Average => Volatile.Read(ref _average);

    /// <summary>One came that announces so many. Called by one at a time.</summary>
    public void Saw(int deliveries) => Volatile.Write(ref _average, _average + (Weight * (deliveries - _average)));
}
