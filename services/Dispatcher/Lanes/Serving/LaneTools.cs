using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Dispatcher.Lanes.Starting;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>What the servings of all lanes of this process share.</summary>
internal sealed record LaneTools(
    LaneReads Reads, LaneWork Work, LaneExit Exit, LaneSlots Slots, Lease Lease, SubscriptionCache Subscriptions, LaneOptions Options,
    TimeProvider Clock);
