namespace Webhooks.Dispatcher.Tests;

/// <summary>A delivery that a publisher has accepted.</summary>
/// <param name="CreatedAt">With <paramref name="Id"/>, its row's key.</param>
public sealed record Accepted(Guid Id, DateTimeOffset CreatedAt, Guid SubscriptionId, string EventId);
