using Webhooks.Dispatcher.Replays;

namespace Webhooks.Dispatcher.Tests.Replays;

public sealed class ReplayPaceTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(55);

    [Fact]
    public void Without_a_rate_there_is_all_the_room_and_everything_is_due_now()
    {
        var pace = new ReplayPace(PerSecond: null, NextDueAt: null);

        Assert.Equal(500, pace.Room(Now, 500));
        Assert.Equal((Now, Now), (pace.DueAt(Now, 0), pace.DueAt(Now, 499)));
    }

    [Theory]
    [InlineData(10, 0, 11)]     // now, and one each tenth of the second ahead
    [InlineData(10, 950, 1)]
    [InlineData(10, 1_000, 1)]
    [InlineData(10, 1_001, 0)]  // that far ahead nothing is made yet
    [InlineData(10, -60_000, 11)] // what was missed while nobody led is not caught up with
    [InlineData(0.01, 0, 1)]
    [InlineData(0.01, 100_000, 0)]
    [InlineData(10_000, 0, 500)] // no more than there is room for
    public void Replays_are_made_up_to_a_second_ahead(double rate, int nextDueInMilliseconds, int room) =>
        Assert.Equal(room, new ReplayPace(rate, Now.AddMilliseconds(nextDueInMilliseconds)).Room(Now, 500));

    [Fact]
    public void The_rate_goes_on_over_the_borders_of_chunks()
    {
        var (pace, now) = (new ReplayPace(PerSecond: 8, NextDueAt: null), Now);
        var due = new List<DateTimeOffset>();
        foreach (var milliseconds in new[] { 0, 130, 400, 700, 1_250 })
        {
            now = Now.AddMilliseconds(milliseconds);
            var made = pace.Room(now, 500);
            due.AddRange(Enumerable.Range(0, made).Select(place => pace.DueAt(now, place)));
            pace = pace with { NextDueAt = pace.DueAt(now, made) };
        }

        Assert.Equal(Enumerable.Range(0, due.Count).Select(place => Now.AddMilliseconds(125 * place)), due);
        Assert.InRange(due[^1] - now, TimeSpan.FromMilliseconds(875), ReplayPace.Horizon);
    }
}
