using Webhooks.Broker.Consuming;

namespace Webhooks.Broker.Tests.Consuming;

public sealed class CautionTests
{
    private readonly Caution _caution = new();

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
        _caution.After(isUnreadable ? ChannelLoss.Unreadable : ChannelLoss.InVain);

        Assert.True(_caution.IsNarrowest);
        Assert.Equal((1, 0), (_caution.Of(1_000), _caution.Of(0)));
        var windows = new List<int>();
        for (; _caution.IsOn; _caution.GoWell())
        {
            windows.Add(_caution.Of(100));
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 100], windows.Distinct());
        Assert.Equal(ushort.MaxValue, _caution.Of(ushort.MaxValue));
    }

    private List<double> Pauses(ChannelLoss loss, int times) => [.. Enumerable.Range(0, times).Select(_ => _caution.After(loss).TotalSeconds)];
}
