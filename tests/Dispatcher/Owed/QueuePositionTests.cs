using Webhooks.Broker.Deliveries;
using Webhooks.Dispatcher.Owed;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class QueuePositionTests
{
    private static readonly DateTimeOffset Noon = new(2024, 1, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly QueuePosition _position = QueuePosition.OfFirstAttempts();
    private readonly HashSet<int> _finished = [];

    [Fact]
    public void Without_a_message_nothing_is_known() => Assert.Equal((null, false), _position.Mark());

    [Fact]
    public void What_was_taken_last_says_how_far_it_is()
    {
        Take(minute: 1);
        Take(minute: 2);
        _finished.UnionWith([1, 2]);

        Assert.Equal((Noon.AddMinutes(2), true), _position.Mark());
        Assert.Equal((Noon.AddMinutes(2), false), _position.Mark());
    }

    [Fact]
    public void What_is_in_hand_holds_it_back()
    {
        Take(minute: 1);
        Take(minute: 2);
        Take(minute: 3);
        _finished.Add(1);

        Assert.Equal(Noon.AddMinutes(2), _position.Mark().Mark);

        _position.FoundEmpty(Noon.AddMinutes(9));
        Assert.Equal(Noon.AddMinutes(2), _position.Mark().Mark);

        _finished.UnionWith([2, 3]);
        Assert.Equal(Noon.AddMinutes(9), _position.Mark().Mark);
    }

    // It was given back, and says nothing of what stands behind it.
    [Fact]
    public void A_redelivered_message_holds_it_back_and_moves_it_nowhere()
    {
        Take(minute: 5, redelivered: true);

        Assert.Equal((Noon.AddMinutes(5), false), _position.Mark());

        _finished.Add(5);
        Assert.Equal((null, false), _position.Mark());
    }

    // It is handed out before anything new is, to whomever.
    [Fact]
    public void What_was_given_back_holds_it_back_until_something_new_is_taken_or_the_queue_found_empty()
    {
        Take(minute: 1);
        Take(minute: 2);
        Take(minute: 3);
        GiveBack(minute: 2);
        GiveBack(minute: 1);
        _finished.UnionWith([1, 2, 3]);
        Assert.Equal(Noon.AddMinutes(1), _position.Mark().Mark);

        Take(minute: 2, redelivered: true);
        Assert.Equal(Noon.AddMinutes(1), _position.Mark().Mark);

        Take(minute: 4);
        _finished.Add(4);
        Assert.Equal(Noon.AddMinutes(4), _position.Mark().Mark);

        GiveBack(minute: 4);
        _position.FoundEmpty(Noon.AddMinutes(9));
        Assert.Equal(Noon.AddMinutes(9), _position.Mark().Mark);
    }

    // A publisher that announces again what its predecessor may not have.
    [Fact]
    public void An_older_message_takes_it_back()
    {
        Take(minute: 5);
        Take(minute: 2);
        _finished.UnionWith([2, 5]);

        Assert.Equal(Noon.AddMinutes(2), _position.Mark().Mark);
    }

    [Fact]
    public void First_attempts_go_by_their_acceptance_and_later_ones_by_when_they_are_due()
    {
        var message = new DeliveryMessage(Guid.NewGuid(), CreatedAt: Noon, Number: 2, EnqueuedAt: Noon.AddHours(1), Traceparent: null);
        var retries = QueuePosition.OfRetries();
        _position.Took(message, redelivered: false, () => true);
        retries.Took(message, redelivered: false, () => true);

        Assert.Equal(Noon, _position.Mark().Mark);
        Assert.Equal(Noon.AddHours(1), retries.Mark().Mark);
    }

    private void GiveBack(int minute) => _position.GaveBack(
        new DeliveryMessage(Guid.NewGuid(), Noon.AddMinutes(minute), Number: 1, Noon.AddHours(5), Traceparent: null));

    private void Take(int minute, bool redelivered = false) => _position.Took(
        new DeliveryMessage(Guid.NewGuid(), Noon.AddMinutes(minute), Number: 1, Noon.AddHours(5), Traceparent: null), redelivered, () => _finished.Contains(minute));
}
