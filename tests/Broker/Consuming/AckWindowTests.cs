using Webhooks.Broker.Consuming;

namespace Webhooks.Broker.Tests.Consuming;

public sealed class AckWindowTests
{
    private readonly AckWindow _window = new();

    [Fact]
    public void A_run_of_finished_messages_is_one_ack()
    {
        Finish(1, 2, 3);

        Assert.Equal([new Ack(3, Multiple: true)], Drain());
    }

    [Fact]
    public void A_single_finished_message_is_acknowledged_alone()
    {
        Finish(1);

        Assert.Equal([new Ack(1, Multiple: false)], Drain());
    }

    [Fact]
    public void A_message_behind_a_slow_one_waits_one_round_and_is_then_acknowledged_alone()
    {
        Finish(2, 3);

        Assert.Empty(Drain());
        Assert.Equal([new Ack(2, Multiple: false), new Ack(3, Multiple: false)], Drain().OrderBy(ack => ack.Tag));
    }

    [Fact]
    public void A_run_never_covers_a_message_that_is_still_being_worked_on()
    {
        Finish(1, 3);

        Assert.Equal([new Ack(1, Multiple: false)], Drain());
        Assert.Equal([new Ack(3, Multiple: false)], Drain());
        Finish(2, 4);

        Assert.Equal([new Ack(4, Multiple: true)], Drain());
    }

    [Fact]
    public void Any_order_of_endings_acknowledges_each_message_exactly_once_and_none_too_early()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            AcknowledgesEachOnce([.. Enumerable.Range(1, random.Next(1, 60)).Select(tag => (ulong)tag).OrderBy(_ => random.Next())], random);
        }
    }

    private static void AcknowledgesEachOnce(ulong[] order, Random random)
    {
        var window = new AckWindow();
        var unacknowledged = order.ToHashSet();
        var finished = new HashSet<ulong>();
        var acks = new List<Ack>();
        foreach (var tag in order)
        {
            window.Finish(tag);
            finished.Add(tag);
            if (random.Next(3) == 0)
            {
                Apply();
            }
        }

        Apply();
        Apply();
        Assert.Empty(unacknowledged);

        void Apply()
        {
            acks.Clear();
            window.Drain(acks);
            foreach (var ack in acks)
            {
                var covered = ack.Multiple ? [.. unacknowledged.Where(tag => tag <= ack.Tag)] : new[] { ack.Tag };
                Assert.All(covered, tag => Assert.Contains(tag, finished));
                Assert.All(covered, tag => Assert.True(unacknowledged.Remove(tag), $"{tag} was acknowledged twice"));
            }
        }
    }

    private void Finish(params ulong[] tags) => Array.ForEach(tags, _window.Finish);

    private List<Ack> Drain()
    {
        var acks = new List<Ack>();
        _window.Drain(acks);
        return acks;
    }
}
