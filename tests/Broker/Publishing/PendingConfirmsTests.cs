using Webhooks.Broker.Publishing;

namespace Webhooks.Broker.Tests.Publishing;

public sealed class PendingConfirmsTests
{
    private readonly SemaphoreSlim _inFlight = new(0, 1000);
    private readonly PendingConfirms _pending = new();

    [Fact]
    public async Task One_confirm_for_all_up_to_a_number_settles_all_before_it()
    {
        var batch = Publish(3);

        _pending.Settle(3, multiple: true, PublishOutcome.Confirmed);

        Assert.Equal([PublishOutcome.Confirmed, PublishOutcome.Confirmed, PublishOutcome.Confirmed], await batch.Done);
        Assert.Equal(3, _inFlight.CurrentCount);
    }

    [Fact]
    public async Task A_returned_message_is_unroutable_although_its_confirm_follows()
    {
        var batch = Publish(2);

        _pending.Returned(1);
        _pending.Settle(2, multiple: true, PublishOutcome.Confirmed);

        Assert.Equal([PublishOutcome.Unroutable, PublishOutcome.Confirmed], await batch.Done);
    }

    [Fact]
    public async Task Confirms_may_come_in_any_order()
    {
        var batch = Publish(3);

        _pending.Settle(2, multiple: false, PublishOutcome.Refused);
        _pending.Settle(3, multiple: true, PublishOutcome.Confirmed);

        Assert.Equal([PublishOutcome.Confirmed, PublishOutcome.Refused, PublishOutcome.Confirmed], await batch.Done);
    }

    [Fact]
    public async Task A_lost_channel_leaves_what_it_had_in_flight_in_doubt()
    {
        var batch = Publish(2);
        _pending.Settle(1, multiple: false, PublishOutcome.Confirmed);

        _pending.Abandon(PublishOutcome.Unknown);

        Assert.Equal([PublishOutcome.Confirmed, PublishOutcome.Unknown], await batch.Done);
    }

    [Fact]
    public void The_oldest_is_the_first_that_is_not_settled()
    {
        Assert.Null(_pending.OldestSentAt());
        var batch = new PublishBatch(3, _inFlight);
        _pending.Add(batch, 0, timestamp: 10);
        _pending.Add(batch, 1, timestamp: 20);
        _pending.Add(batch, 2, timestamp: 30);

        _pending.Settle(1, multiple: false, PublishOutcome.Confirmed);

        Assert.Equal(20, _pending.OldestSentAt());
        _pending.Settle(3, multiple: true, PublishOutcome.Confirmed);
        Assert.Null(_pending.OldestSentAt());
    }

    private PublishBatch Publish(int count)
    {
        var batch = new PublishBatch(count, _inFlight);
        for (var index = 0; index < count; index++)
        {
            _pending.Add(batch, index, timestamp: 0);
        }

        return batch;
    }
}
