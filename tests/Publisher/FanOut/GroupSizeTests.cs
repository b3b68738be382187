using Webhooks.Publisher.FanOut;

namespace Webhooks.Publisher.Tests.FanOut;

public sealed class GroupSizeTests
{
    private const int Megabyte = 1024 * 1024;

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

    [Fact]
    public void Large_ones_that_come_after_small_ones_are_divided_in_their_order()
    {
        int[] read = [1_000, 1_000, 5 * Megabyte, 3 * Megabyte, 16 * Megabyte, 2_000, 8 * Megabyte, 0];

        var parts = GroupSize.Parts(read, bytes => bytes, _ => false).ToList();

        Assert.Equal([[1_000, 1_000, 5 * Megabyte], [3 * Megabyte], [16 * Megabyte], [2_000], [8 * Megabyte, 0]], parts);
    }

    [Fact]
    public void Small_ones_stay_together()
    {
        var read = Enumerable.Repeat(1_000, GroupSize.Most).ToList();

        Assert.Equal(read, Assert.Single(GroupSize.Parts(read, bytes => bytes, _ => false)));
        Assert.Empty(GroupSize.Parts<int>([], bytes => bytes, _ => false));
    }

    [Fact]
    public void One_that_is_to_stand_alone_does_so_and_the_order_stays()
    {
        int[] read = [1, 2, -3, -4, 5, 6, -7];

        Assert.Equal([[1, 2], [-3], [-4], [5, 6], [-7]], GroupSize.Parts(read, _ => 1_000, number => number < 0));
    }

    private void Saw(int groups, int deliveries)
    {
        for (var group = 0; group < groups; group++)
        {
            _size.Saw(events: 50, 50 * deliveries);
        }
    }
}
