using Webhooks.Dispatcher.Owed;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class SettledMarkTests
{
    private static readonly DateTimeOffset Noon = new(2024, 1, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(1);

    private readonly SettledMark _mark = new(Settling);

    [Fact]
    public void On_an_old_connection_a_mark_is_what_it_is()
    {
        Assert.Equal((Noon, true), _mark.Of(Noon, Settling));
        Assert.Equal((Noon.AddHours(1), true), _mark.Of(Noon.AddHours(1), 2 * Settling));
    }

    [Fact]
    public void On_a_new_connection_it_stays_where_it_was_and_may_only_go_back()
    {
        _mark.Of(Noon, Settling);

        Assert.Equal((Noon, false), _mark.Of(Noon.AddHours(1), TimeSpan.Zero));
        Assert.Equal((Noon.AddHours(-1), false), _mark.Of(Noon.AddHours(-1), Settling / 2));
        Assert.Equal((Noon, false), _mark.Of(Noon.AddHours(1), Settling / 2));
        Assert.Equal((Noon.AddHours(1), true), _mark.Of(Noon.AddHours(1), Settling));
    }

    // Nothing is known of what came before it, and what it has got is in hand.
    [Fact]
    public void On_the_first_connection_it_stays_at_the_first_that_there_was_until_that_is_old()
    {
        Assert.Equal((null, false), _mark.Of(null, TimeSpan.Zero));
        Assert.Equal((Noon, false), _mark.Of(Noon, TimeSpan.Zero));
        Assert.Equal((Noon, false), _mark.Of(Noon.AddHours(1), Settling / 2));
        Assert.Equal((Noon.AddHours(-1), false), _mark.Of(Noon.AddHours(-1), Settling / 2));
        Assert.Equal((Noon.AddHours(1), true), _mark.Of(Noon.AddHours(1), Settling));
    }

    [Fact]
    public void Without_a_time_to_settle_a_mark_is_always_what_it_is() => Assert.Equal((Noon, true), new SettledMark(TimeSpan.Zero).Of(Noon, TimeSpan.Zero));
}
