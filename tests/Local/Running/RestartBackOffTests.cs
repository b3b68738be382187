using Webhooks.Local.Running;

namespace Webhooks.Local.Tests.Running;

public sealed class RestartBackOffTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.5)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(7, 15)]
    [InlineData(1000, 15)]
    public void A_first_death_costs_nothing_and_a_crash_loop_slows_down(int deathsInARow, double expectedSeconds) =>
        Assert.Equal(TimeSpan.FromSeconds(expectedSeconds), RestartBackOff.DelayAfter(deathsInARow));

    [Fact]
    public void A_child_that_lived_for_a_while_starts_from_one_again()
    {
        Assert.Equal(6, RestartBackOff.DeathsInARow(before: 5, lived: TimeSpan.FromSeconds(29)));
        Assert.Equal(1, RestartBackOff.DeathsInARow(before: 5, lived: TimeSpan.FromSeconds(30)));
    }
}
