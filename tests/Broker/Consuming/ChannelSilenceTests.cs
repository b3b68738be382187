using Webhooks.Broker.Consuming;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Consuming;

public sealed class ChannelSilenceTests
{
    private readonly StoppedClock _clock = new();
    private readonly ChannelSilence _silence;

    public ChannelSilenceTests() => _silence = new(_clock);

    [Fact]
    public void It_begins_with_the_first_look()
    {
        Assert.False(_silence.IsTooLong(received: 7, inHand: 0));
        Assert.False(After(seconds: 29, received: 7));
        Assert.True(After(seconds: 1, received: 7));
    }

    [Fact]
    public void Whatever_comes_begins_it_anew()
    {
        Assert.False(After(seconds: 0, received: 7));
        Assert.False(After(seconds: 100, received: 8));
        Assert.True(After(seconds: 30, received: 8));
    }

    [Fact]
    public void While_something_is_in_hand_it_is_none()
    {
        Assert.False(After(seconds: 0, received: 7));
        Assert.False(After(seconds: 100, received: 7, inHand: 1));
        Assert.False(After(seconds: 29, received: 7));
        Assert.True(After(seconds: 1, received: 7));
    }

    private bool After(int seconds, long received, int inHand = 0)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        return _silence.IsTooLong(received, inHand);
    }
}
