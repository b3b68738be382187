using Webhooks.Publisher.FanOut;

namespace Webhooks.Publisher.Tests.FanOut;

public sealed class GroupSizeTests
{
    private readonly GroupSize _size = new();

    [Fact]
    public void A_publisher_begins_with_small_groups() => Assert.Equal(100, _size.Events);

    [Theory]
    [InlineData(0, 1_000, 500)]
    [InlineData(1, 1_000, 500)]
    [InlineData(5, 1_000, 200)]
    [InlineData(10, 1_000, 100)]
    [InlineData(1_000, 1_000, 100)]
    [InlineData(1, 16 * 1024, 256)]
    [InlineData(1, 256 * 1024, 100)]
    public void Many_events_go_together_that_make_few_deliveries_and_are_small(int deliveries, int bytes, int together)
    {
        Saw(groups: 40, deliveries, bytes);

        Assert.Equal(together, _size.Events);
    }

    [Fact]
    public void What_comes_last_counts()
    {
        Saw(groups: 40, deliveries: 1, bytes: 1_000);
        Saw(groups: 4, deliveries: 100, bytes: 1_000);

        Assert.Equal(100, _size.Events);
    }

    private void Saw(int groups, int deliveries, int bytes)
    {
        for (var group = 0; group < groups; group++)
        {
            _size.Saw(events: 50, 50 * deliveries, 50L * bytes);
        }
    }
}
