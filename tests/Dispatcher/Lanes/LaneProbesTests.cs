using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Dispatcher.Lanes.Starting;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

public sealed class LaneProbesTests
{
    private readonly StoppedClock _clock = new();
    private readonly LaneHands _hands = new();
    private readonly LaneBacklog _backlog;
    private readonly LaneProbes _probes = new();
    private readonly LaneEntry _first;
    private readonly LaneEntry _second;

    public LaneProbesTests()
    {
        _backlog = new LaneBacklog(_clock, _hands);
        (_first, _second) = (Due(seconds: 2), Due(seconds: 1));
    }

    [Fact]
    public void The_first_is_sent_to_see() => Assert.Equal(_first, Probe(_first, _second));

    [Fact]
    public void The_one_that_was_sent_the_last_time_is_not_sent_again_while_there_is_another()
    {
        Assert.Equal(_first, Probe(_first, _second));
        Assert.Equal(_second, Probe(_first, _second));
        Assert.Equal(_first, Probe(_first, _second));
        Assert.Equal(0, _hands.Count);
    }

    [Fact]
    public void The_one_that_is_not_sent_for_it_is_read_again_afterwards()
    {
        Probe(_first, _second);
        Probe(_first, _second);

        Assert.True(_backlog.NeedsReading);
    }

    [Fact]
    public void One_that_is_alone_is_sent_each_time()
    {
        Assert.Equal(_first, Probe(_first));
        Assert.Equal(_first, Probe(_first));
    }

    [Fact]
    public void There_may_be_none()
    {
        Assert.Equal(_first, Probe(_first, _second));
        Assert.Null(Probe());
        Assert.Equal(_second, Probe(_first, _second));
    }

    private LaneEntry? Probe(params LaneEntry[] waiting)
    {
        _backlog.Fill(waiting, limit: 100, _clock.GetTimestamp());
        var probe = _probes.Take(_backlog);
        probe.ForEach(entry => _backlog.Release(entry.Id));
        return probe is [var one] ? one : null;
    }

    private LaneEntry Due(int seconds) => new(Guid.NewGuid(), _clock.GetUtcNow(), _clock.GetUtcNow().AddSeconds(-seconds), TimeSpan.FromSeconds(-seconds));
}
