namespace Webhooks.Dispatcher.Lanes.Ordering;

/// <summary>The oldest delivery of a key that has not ended: the only one of them that may be attempted.</summary>
internal readonly record struct KeyHead(long Key, LaneEntry Entry);

/// <summary>What is to be looked for in an ordered lane.</summary>
/// <param name="Keys">The heads of these keys.</param>
/// <param name="From">And those of the next keys from this one on; null: of no others.</param>
/// <param name="Limit">How many keys at most.</param>
/// <param name="LooseLimit">How many deliveries without a key at most.</param>
internal readonly record struct HeadSearch(IReadOnlyList<long> Keys, long? From, int Limit, int LooseLimit);

/// <summary>What was found.</summary>
/// <param name="Asked">Heads of the keys that were named; one of which nothing waits has none.</param>
/// <param name="Next">Heads of the next keys, in the order of the keys; fewer than the limit: there are no more.</param>
/// <param name="Loose">The first deliveries without a key, in the order in which they are due.</param>
internal sealed record FoundHeads(IReadOnlyList<KeyHead> Asked, IReadOnlyList<KeyHead> Next, IReadOnlyList<LaneEntry> Loose);
