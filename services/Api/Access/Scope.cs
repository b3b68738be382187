using System.Collections.Frozen;

namespace Webhooks.Api.Access;

/// <summary>What a token may do, by the names that the contract gives.</summary>
internal static class Scope
{
    public const string SubscriptionsRead = "subscriptions:read";
    public const string SubscriptionsWrite = "subscriptions:write";
    public const string SecretsRead = "secrets:read";
    public const string DeliveriesRead = "deliveries:read";
    public const string DeliveriesWrite = "deliveries:write";
    public const string EventsPublish = "events:publish";
    public const string EventsRead = "events:read";
    public const string EventTypesRead = "event-types:read";

    public const string SourcesRead = "sources:read";
    public const string SourcesWrite = "sources:write";
    public const string CallbacksRead = "callbacks:read";
    public const string CallbacksWrite = "callbacks:write";

    /// <summary>Makes tokens, and so may do everything that they may.</summary>
    public const string Admin = "admin";

    /// <summary>All of the contract's, those included whose routes come with a later version: tokens outlive versions.</summary>
    public static FrozenSet<string> All { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        SubscriptionsRead, SubscriptionsWrite, SecretsRead, DeliveriesRead, DeliveriesWrite, EventsPublish, EventsRead,
        EventTypesRead, "event-types:write", SourcesRead, SourcesWrite, CallbacksRead, CallbacksWrite, Admin);
}
