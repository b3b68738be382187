using Webhooks.Dispatcher.Owed;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class QuietQueueTests
{
    private static readonly ConsumerSight Nothing = new(IsConsuming: true, IsFull: false, HasUnread: false, HasFinished: false, Received: 7);

    private readonly QuietQueue _queue = new();

    public static TheoryData<string> Reasons => [nameof(ConsumerSight.IsConsuming), nameof(ConsumerSight.IsFull), nameof(ConsumerSight.HasUnread), nameof(ConsumerSight.HasFinished), nameof(ConsumerSight.Received)];

    [Fact]
    public void A_queue_may_be_empty_when_nothing_came_for_a_while()
    {
        Assert.Equal([false, false, true, true], Look(Nothing, Nothing, Nothing, Nothing));
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public void Whatever_comes_or_keeps_it_from_coming_starts_the_wait_anew(string reason)
    {
        var disturbed = reason switch
        {
            nameof(ConsumerSight.IsConsuming) => Nothing with { IsConsuming = false },
            nameof(ConsumerSight.IsFull) => Nothing with { IsFull = true },
            nameof(ConsumerSight.HasUnread) => Nothing with { HasUnread = true },
            nameof(ConsumerSight.HasFinished) => Nothing with { HasFinished = true },
            _ => Nothing with { Received = 8 },
        };
        var after = Nothing with { Received = disturbed.Received };

        Assert.Equal([false, false, true, false, false, true], Look(Nothing, Nothing, Nothing, disturbed, after, after));
    }

    // Its messages are perhaps still in the socket.
    [Fact]
    public void A_process_that_was_stopped_has_seen_nothing()
    {
        Look(Nothing, Nothing, Nothing);

        Assert.False(_queue.MayBeEmpty(Nothing, TimeSpan.FromMinutes(5)));
        Assert.Equal([false, true], Look(Nothing, Nothing));
    }

    private bool[] Look(params ConsumerSight[] sights) => [.. sights.Select(sight => _queue.MayBeEmpty(sight, QuietQueue.Interval))];
}
