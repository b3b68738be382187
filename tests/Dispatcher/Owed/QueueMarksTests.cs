using Webhooks.Dispatcher.Owed;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class QueueMarksTests
{
    private static readonly DateTimeOffset Noon = new(2024, 1, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Long = QueueMarks.Silence + TimeSpan.FromSeconds(20);

    [Fact]
    public void A_queue_has_come_as_far_as_the_slowest_that_consumes_it() =>
        Assert.Equal(Noon, QueueMarks.Least([Living("a", Noon.AddMinutes(1)), Living("a", Noon)], ["a"]));

    [Fact]
    public void Of_several_queues_the_slowest_counts() =>
        Assert.Equal(Noon, QueueMarks.Least([Living("a", Noon.AddMinutes(1)), Living("b", Noon)], ["a", "b"]));

    [Fact]
    public void In_a_queue_that_nobody_consumes_nothing_is_known_to_be_lost()
    {
        Assert.Null(QueueMarks.Least([], ["a"]));
        Assert.Null(QueueMarks.Least([Living("a", Noon)], ["a", "b"]));
        Assert.Null(QueueMarks.Least([Living("a", Noon) with { Age = QueueMarks.Silence }], ["a"]));
    }

    [Fact]
    public void What_a_dead_one_held_counts_until_one_that_lives_has_got_something_new()
    {
        var dead = new NotedMark("a", Noon, Age: Long, FreshAge: Long);
        var living = Living("a", Noon.AddMinutes(1));

        Assert.Equal(Noon, QueueMarks.Least([dead, living with { FreshAge = null }], ["a"]));
        // Before the broker must have noticed the death.
        Assert.Equal(Noon, QueueMarks.Least([dead, living with { FreshAge = Long - QueueMarks.Silence + TimeSpan.FromSeconds(1) }], ["a"]));
        Assert.Equal(Noon.AddMinutes(1), QueueMarks.Least([dead, living with { FreshAge = Long - QueueMarks.Silence - TimeSpan.FromSeconds(1) }], ["a"]));
    }

    [Fact]
    public void One_that_has_got_nothing_new_yet_holds_back_and_says_nothing()
    {
        var joined = Living("a", Noon) with { FreshAge = null };

        Assert.Null(QueueMarks.Least([joined], ["a"]));
        Assert.Equal(Noon, QueueMarks.Least([joined, Living("a", Noon.AddMinutes(1))], ["a"]));
        Assert.Equal(Noon.AddMinutes(-1), QueueMarks.Least([joined, Living("a", Noon.AddMinutes(-1))], ["a"]));
    }

    private static NotedMark Living(string queue, DateTimeOffset mark) => new(queue, mark, Age: TimeSpan.FromSeconds(1), FreshAge: TimeSpan.FromSeconds(1));
}
