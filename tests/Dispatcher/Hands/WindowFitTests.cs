using Webhooks.Dispatcher.Hands;

namespace Webhooks.Dispatcher.Tests.Hands;

public sealed class WindowFitTests
{
    private const int Most = 2_000;

    [Theory]
    // As it begins: full messages may fill the hand.
    [InlineData(0, 125, 16, null)]
    // Some have come, and the room has become less by as much.
    [InlineData(1_000, 62, 16, null)]
    // They are small after all.
    [InlineData(100, 25, 4, 250)]
    [InlineData(100, 120, 1, 250)]
    [InlineData(100, 130, 1, null)]
    [InlineData(1_700, 10, 1, 250)]
    // Each is held for the sake of one that is slow.
    [InlineData(125, 0, 16, 117)]
    // As many as may be are in hand, or nearly: another window would be changed again at once.
    [InlineData(2_000, 0, 16, null)]
    [InlineData(1_900, 0, 16, null)]
    [InlineData(2_100, 0, 1, null)]
    // A wide window, and messages have become full.
    [InlineData(1_500, 250, 16, 31)]
    [InlineData(2_000, 250, 16, 1)]
    // Wider than it has to be, and not by much.
    [InlineData(0, 250, 16, null)]
    public void A_window_is_changed_when_it_is_far_off(int inHand, int free, double size, int? instead) =>
        Assert.Equal(instead, WindowFit.Instead(Most, inHand, free, size));

    [Theory]
    [InlineData(0, 16, 125)]
    [InlineData(0, 1, 250)]
    [InlineData(1_984, 16, 1)]
    [InlineData(1_985, 16, 0)]
    [InlineData(2_000, 1, 0)]
    [InlineData(2_100, 1, 0)]
    public void None_begins_without_room_for_a_message(int inHand, double size, int first) =>
        Assert.Equal(first, WindowFit.First(Most, inHand, size));

    [Fact]
    public void A_window_that_was_changed_fits()
    {
        for (var inHand = 0; inHand <= Most; inHand += 50)
        {
            for (var size = 1.0; size <= 16; size += 0.5)
            {
                if (WindowFit.Instead(Most, inHand, free: 0, size) is { } messages)
                {
                    Assert.Null(WindowFit.Instead(Most, inHand, messages, size));
                    Assert.InRange(messages * size, 1, Most - inHand);
                }
            }
        }
    }
}
