using Webhooks.Publisher.FanOut;

namespace Webhooks.Publisher.Tests.FanOut;

public sealed class GroupSizeTests
{
    private readonly GroupSize _size = new();

    [Fact]
    public void A_publisher_begins_with_small_groups() => Assert.Equal(100, _size.Events);

    [Theory]
    [InlineData(0, 500)]
    [InlineData(1, 500)]
    [InlineData(5, 200)]
    [InlineData(10, 100)]
    [InlineData(1_000, 100)]
    public void Many_events_go_together_that_make_few_deliveries(int deliveries, int together)
    {
        Saw(groups: 40, deliveries);

        Assert.Equal(together, _size.Events);
    }

    [Fact]
    public void What_comes_last_counts()
    {
        Saw(groups: 40, deliveries: 1);
        Saw(groups: 4, deliveries: 100);

        Assert.Equal(100, _size.Events);
    }

    private void Saw(int groups, int deliveries)
    {
        for (var group = 0; group < groups; group++)
        {
            _size.Saw(events: 50, 50 * deliveries);
        }
    }
}
