namespace Webhooks.Dispatcher.Lanes;

/// <summary>A lane that this dispatcher has taken.</summary>
/// <param name="SubscriptionId">Whose lane it is.</param>
/// <param name="LeaseId">Of this dispatcher's lease at the taking. When that has run out, the next one has another id, and the lane is lost.</param>
/// <param name="Fence">The number that the lane got with the taking. What its holder writes is conditional on it.</param>
/// <param name="SendsAfter">
/// How long the pace of the previous holder makes this one wait before its first send; zero for the first holder. Null: the previous
/// one died without leaving word, and may have sent a moment ago.
/// </param>
internal sealed record HeldLane(Guid SubscriptionId, long LeaseId, long Fence, TimeSpan? SendsAfter);

/// <summary>What a taking has brought.</summary>
/// <param name="Reason">Why the lane was opened.</param>
/// <param name="IsFirst">Nobody had held the lane since it was opened.</param>
internal sealed record TakenLane(HeldLane Lane, string Reason, bool IsFirst);

/// <summary>A delivery of a lane, as its index has it.</summary>
/// <param name="DueAt">When the row is looked at before the send and has another time, the delivery has changed since.</param>
/// <param name="WaitsFor">How long until it is due; zero or less: it is.</param>
internal readonly record struct LaneEntry(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset DueAt, TimeSpan WaitsFor);
