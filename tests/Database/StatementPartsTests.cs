namespace Webhooks.Database.Tests;

public sealed class StatementPartsTests
{
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public void Large_ones_that_come_after_small_ones_are_divided_in_their_order()
    {
        int[] read = [1_000, 1_000, 5 * Megabyte, 3 * Megabyte, 16 * Megabyte, 2_000, 8 * Megabyte, 0];

        var parts = StatementParts.Of(read, bytes => bytes).ToList();

        Assert.Equal([[1_000, 1_000, 5 * Megabyte], [3 * Megabyte], [16 * Megabyte], [2_000], [8 * Megabyte, 0]], parts);
    }

    [Fact]
    public void Small_ones_stay_together()
    {
        var read = Enumerable.Repeat(1_000, 500).ToList();

        Assert.Equal(read, Assert.Single(StatementParts.Of(read, bytes => bytes)));
        Assert.Empty(StatementParts.Of<int>([], bytes => bytes));
    }

    [Fact]
    public void One_that_is_to_stand_alone_does_so_and_the_order_stays()
    {
        int[] read = [1, 2, -3, -4, 5, 6, -7];

        Assert.Equal([[1, 2], [-3], [-4], [5, 6], [-7]], StatementParts.Of(read, _ => 1_000, number => number < 0));
    }
}
