using Webhooks.Dispatcher.Clocks;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Clocks;

public sealed class DatabaseTimeTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);

    private readonly DatabaseTime _time = new(new StoppedClock(Now));

    // In seconds: how long the answer took, what it said after the question, and what of that is certain.
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0.05, 0)]
    [InlineData(0, -0.05, 0)]
    [InlineData(3, 2.9, 0)]
    [InlineData(3, 3.05, 0)]
    [InlineData(3, 8, 5)]
    [InlineData(3, -5, -5)]
    [InlineData(0.002, 518_400, 518_399.998)]
    public void What_is_certain_of_a_difference_sets_the_time_right(double took, double said, double ahead)
    {
        _time.Learn(Now, TimeSpan.FromSeconds(took), Now.AddSeconds(said));

        Assert.Equal(Now.AddSeconds(ahead), _time.GetUtcNow());
    }

    [Fact]
    public void Time_does_not_go_to_and_fro_with_how_long_answers_take()
    {
        _time.Learn(Now, TimeSpan.FromSeconds(0.01), Now.AddSeconds(60));
        _time.Learn(Now, TimeSpan.FromSeconds(0.09), Now.AddSeconds(60));
        Assert.Equal(TimeSpan.FromSeconds(59.99), _time.Ahead);

        _time.Learn(Now, TimeSpan.FromSeconds(0.01), Now.AddSeconds(30));
        Assert.Equal(TimeSpan.FromSeconds(29.99), _time.Ahead);

        _time.Learn(Now, TimeSpan.FromSeconds(0.01), Now);
        Assert.Equal(TimeSpan.Zero, _time.Ahead);
    }
}
