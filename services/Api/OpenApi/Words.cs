using Webhooks.Contracts;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Api.OpenApi;

/// <summary>What many bodies and parameters share, described once, with examples that belong together.</summary>
internal static class Words
{
    private const string IdPattern = "[0-9a-f]{32}$";

    public static Schema TenantId { get; } = Schema.Text("The tenant whose it is.", "tenant_001", 1, EventRules.MaxTenantIdLength, "^[A-Za-z0-9_-]+$");

    public static Schema SubscriptionId { get; } = Id(PrefixedId.Subscription, "0198c0de19307b7e8a1d3f6c2b5a4e90", "The subscription's id.");

    public static Schema DeliveryId { get; } = Id(PrefixedId.Delivery, "0198c0e07a41719a93f5a10c172c7c68", "The delivery's id.");

    public static Schema ReplayId { get; } = Id(PrefixedId.Replay, "0198c0e5d2f17a04b6c39d8e1f7a2b53", "The replay's id.");

    public static Schema TokenId { get; } = Id(PrefixedId.Token, "0198c0d5b2c87d3c9e4fb6a80a1f2d37", "The token's id.");

    public static Schema EventId { get; } = Schema.Text("The event's id, as its publisher named it.", "evt_exc_001", 1, EventRules.MaxIdLength, "^[A-Za-z0-9_.:-]+$");

    public static Schema EventType { get; } = Schema.Text("The event's type.", "exception.created", 1, EventRules.MaxTypeLength, @"^[a-z0-9_]+(\.[a-z0-9_]+)*$");

    /// <summary>When a row was made.</summary>
    public static Schema CreatedAt { get; } = Schema.Time("When it was created.", "2024-01-20T10:30:00.123Z");

    /// <summary>An id with its prefix.</summary>
    /// <param name="prefix">Of <see cref="PrefixedId"/>.</param>
    /// <param name="example">32 hexadecimal digits.</param>
    /// <param name="description">A sentence.</param>
    public static Schema Id(string prefix, string example, string description) => Schema.Text(description, prefix + example, pattern: $"^{prefix}{IdPattern}");

    /// <summary>A page of a list, named after what it lists.</summary>
    public static Schema PageOf(Schema item)
    {
        var page = Schema.Answer(
            "A page of the list, newest first.",
            ("items", Schema.List("The items of this page. There may be fewer than `limit`, even none, while `next_cursor` leads on.", item)),
            ("next_cursor", Schema.Text("Pass it as `cursor` to get the next page; null at the end of the list.", null).OrNull()));
        return item.Name is { } name ? page.Named($"{name}Page") : page;
    }
}
