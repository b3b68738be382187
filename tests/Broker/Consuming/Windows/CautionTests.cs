using Webhooks.Broker.Consuming;
using Webhooks.Broker.Consuming.Windows;

namespace Webhooks.Broker.Tests.Consuming.Windows;

public sealed class CautionTests
{
    private const ushort Prefetch = 1_000;

    private readonly Caution _caution = new(new ConsumedQueue("any", Prefetch));
    private readonly Caution _inOrder = new(new ConsumedQueue("in order", Prefetch, InOrder: true));

    [Fact]
    public void A_loss_after_work_changes_nothing()
    {
        Assert.Equal([0.2, 0.2], Pauses(ChannelLoss.AfterWork, 2));

        Assert.False(_caution.IsOn);
        Assert.Equal(1_000, _caution.Of(1_000));
    }

    [Fact]
    public void Losses_in_vain_are_ever_longer_apart_until_there_was_work()
    {
        Assert.Equal([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10], Pauses(ChannelLoss.InVain, 8));

        Assert.Equal(0.2, Assert.Single(Pauses(ChannelLoss.AfterWork, 1)));
        Assert.Equal([0.2, 0.4], Pauses(ChannelLoss.InVain, 2));
    }

    [Fact]
    public void What_cannot_be_read_comes_again_soon() => Assert.Equal([0.2, 0.2, 0.2], Pauses(ChannelLoss.Unreadable, 3));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_either_the_window_begins_with_one_message_and_doubles(bool isUnreadable)
    {
        _caution.After(isUnreadable ? ChannelLoss.Unreadable : ChannelLoss.InVain, received: 0);

        Assert.Equal((1, 0), (_caution.Of(1_000), _caution.Of(0)));
        var windows = new List<int>();
        for (; _caution.IsOn; _caution.GoWell(received: 0, hasWorked: false))
        {
            windows.Add(_caution.Of(100));
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 100], windows.Distinct());
        Assert.Equal(ushort.MaxValue, _caution.Of(ushort.MaxValue));
    }

    [Fact]
    public void A_channel_on_which_something_was_acknowledged_ends_the_longer_pauses()
    {
        Pauses(ChannelLoss.InVain, 6);
        _caution.GoWell(received: 0, hasWorked: false);
        Assert.Equal(10, Assert.Single(Pauses(ChannelLoss.InVain, 1)));

        _caution.GoWell(received: 0, hasWorked: true);

        Assert.Equal(0.2, Assert.Single(Pauses(ChannelLoss.InVain, 1)));
    }

    // What would return now went behind what returned before.
    [Fact]
    public void In_order_a_loss_in_vain_leaves_the_window_as_it_is()
    {
        Assert.Equal(0.2, _inOrder.After(ChannelLoss.InVain, received: 7).TotalSeconds);

        Assert.False(_inOrder.IsOn);
    }

    [Fact]
    public void In_order_it_is_one_message_until_all_that_returned_is_done_and_then_the_whole_window()
    {
        _inOrder.After(ChannelLoss.Unreadable, received: 5_000);

        for (var received = 5_000; received <= 5_000 + Prefetch; received += 100)
        {
            _inOrder.GoWell(received, hasWorked: true);
            Assert.Equal(1, _inOrder.Of(Prefetch));
        }

        _inOrder.GoWell(received: 5_001 + Prefetch, hasWorked: true);

        Assert.Equal(Prefetch, _inOrder.Of(Prefetch));
    }

    [Fact]
    public void What_cannot_be_read_is_told_once_until_all_goes_well_again()
    {
        Assert.True(_caution.IsNews(ChannelLoss.InVain));
        Assert.True(_caution.IsNews(ChannelLoss.Unreadable));
        Assert.False(_caution.IsNews(ChannelLoss.Unreadable));

        _caution.After(ChannelLoss.Unreadable, received: 0);
        while (_caution.IsOn)
        {
            _caution.GoWell(received: 0, hasWorked: true);
        }

        _caution.GoWell(received: 0, hasWorked: true);

        Assert.True(_caution.IsNews(ChannelLoss.Unreadable));
    }

    private List<double> Pauses(ChannelLoss loss, int times) => [.. Enumerable.Range(0, times).Select(_ => _caution.After(loss, received: 0).TotalSeconds)];
}
