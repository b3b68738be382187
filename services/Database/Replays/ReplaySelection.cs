using Webhooks.Database.Deliveries;

namespace Webhooks.Database.Replays;

/// <summary>Which deliveries are replayed.</summary>
/// <param name="Deliveries">Where they are looked for; its end must lie in the past, so that a replay never finds its own.</param>
/// <param name="Type">Of which type; null: of any.</param>
/// <param name="Statuses">With which statuses; never pending ones, which are still on their way.</param>
/// <param name="Recovers">What was delivered by a later replay, or is on its way in one, is left out.</param>
public sealed record ReplaySelection(DeliverySelection Deliveries, string? Type, IReadOnlyList<string> Statuses, bool Recovers);
