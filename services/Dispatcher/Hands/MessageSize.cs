using Webhooks.Broker.Deliveries;

namespace Webhooks.Dispatcher.Hands;

/// <summary>How many deliveries the messages of a queue have announced lately, on average.</summary>
internal sealed class MessageSize
{
    // After about ten messages the average has followed a change.
    private const double Weight = 0.1;

    private double _average = Announcement.MostTogether;

    public double Average => Volatile.Read(ref _average);

    /// <summary>A message came that announces so many. Not to be called by two at once.</summary>
    public void Saw(int deliveries) => Volatile.Write(ref _average, _average + (Weight * (deliveries - _average)));
}
