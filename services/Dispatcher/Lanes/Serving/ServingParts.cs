using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Dispatcher.Lanes.Starting;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// What the serving of one lane consists of, and what its turns leave to each other. None of it outlives the serving: the state of
/// the lane itself is in its row (LaneLife).
/// </summary>
internal sealed class ServingParts
{
    public ServingParts(HeldLane lane, LaneTools tools, ILogger logger)
    {
        (Lane, Tools) = (lane, tools);
        News = new LaneNews(tools.Clock);
        Ahead = new ReadAhead(tools.Clock);
        Health = new LaneHealth(lane, tools);
        Entries = new EntryWork(lane, tools, Ahead, Health, News, logger);
        Sender = new LaneSender(lane, tools, Entries, Health, News);
        Closing = new LaneClosing(tools.Options.IdleTime);
    }

    public HeldLane Lane { get; }

    public LaneTools Tools { get; }

    public LaneNews News { get; }

    public ReadAhead Ahead { get; }

    public LaneHealth Health { get; }

    public LaneProbes Probes { get; } = new();

    public EntryWork Entries { get; }

    public LaneSender Sender { get; }

    public LaneClosing Closing { get; }

    /// <summary>When what was read ahead was doubted the last time.</summary>
    public TimeSpan DoubtedAt { get; set; }
}
