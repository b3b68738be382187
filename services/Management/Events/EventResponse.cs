using System.Text.Json.Serialization;
using Webhooks.Api.Bodies;
using Webhooks.Contracts;
using Webhooks.Management.Deliveries;

namespace Webhooks.Management.Events;

/// <summary>An event in lists: as it came in, with when it was accepted.</summary>
internal record EventResponse(
    string Id,
    string Type,
    string Timestamp,
    string Version,
    string TenantId,
    string? ContextId,
    RawJson Data,
    RawJson? Metadata,
    DateTimeOffset CreatedAt)
{
    public static EventResponse Of(StoredEvent stored) => new(
        stored.Event.Id,
        stored.Event.Type,
        stored.Event.Timestamp!,
        stored.Event.Version,
        stored.Event.TenantId,
        stored.Event.ContextId,
        new RawJson(stored.Event.Data),
        stored.Event.Metadata is { } metadata ? new RawJson(metadata) : null,
        stored.CreatedAt);
}

/// <summary>An event with what became of it, replays included.</summary>
internal sealed record EventDetailResponse : EventResponse
{
    private EventDetailResponse(EventResponse stored)
        : base(stored)
    {
    }

    // A derived record's members would come first.
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<EventDeliveryResponse> Deliveries { get; init; }

    public static EventDetailResponse Of(StoredEvent stored, IEnumerable<StoredDelivery> deliveries) => new(Of(stored))
    {
        Deliveries = [.. deliveries.Select(delivery => new EventDeliveryResponse(PrefixedId.Format(PrefixedId.Delivery, delivery.Id), delivery.Status))],
    };
}

/// <summary>A delivery of an event, in short.</summary>
internal sealed record EventDeliveryResponse(string Id, string Status);

/// <summary>The broker has it.</summary>
internal sealed record AcceptedResponse(string Id, string Status);
