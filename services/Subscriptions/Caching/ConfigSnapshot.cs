using System.Collections.Immutable;
using Webhooks.Subscriptions.Matching;

namespace Webhooks.Subscriptions.Caching;

/// <summary>The configuration as of one version; never changes once made.</summary>
/// <param name="Version">Every change up to this configuration version is in here.</param>
/// <param name="Shards">How many delivery queues there are.</param>
/// <param name="Index">Who wants which event.</param>
/// <param name="ById">
/// Every subscription, the disabled ones too, for they may be enabled again; of the deleted ones those whose lanes are still served.
/// A delivery whose subscription is not here is canceled.
/// </param>
public sealed record ConfigSnapshot(long Version, int Shards, SubscriptionIndex Index, ImmutableDictionary<Guid, Subscription> ById);
