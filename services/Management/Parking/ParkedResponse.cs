using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Webhooks.Broker.Parking;
using Webhooks.Contracts;

namespace Webhooks.Management.Parking;

/// <summary>A parked message in lists.</summary>
internal record ParkedResponse(
    string Id,
    string? TenantId,
    string? Queue,
    string Reason,
    string Detail,
    string? MessageId,
    int Size,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RepublishedAt)
{
    public static ParkedResponse Of(StoredParked parked) => new(
        PrefixedId.Format(PrefixedId.Parked, parked.Id),
        parked.TenantId,
        parked.Queue,
        parked.Reason,
        parked.Detail,
        parked.MessageId,
        parked.Size,
        parked.RepublishedAt is null ? ParkedFilter.Waiting : ParkedFilter.Republished,
        parked.CreatedAt,
        parked.RepublishedAt);
}

/// <summary>A parked message with what it says.</summary>
internal sealed record ParkedDetailResponse : ParkedResponse
{
    private ParkedDetailResponse(ParkedResponse parked)
        : base(parked)
    {
    }

    // A derived record's members would come first.
    [JsonPropertyOrder(1)]
    public required JsonObject Properties { get; init; }

    [JsonPropertyOrder(2)]
    public required string Body { get; init; }

    [JsonPropertyOrder(3)]
    public required string BodyEncoding { get; init; }

    [JsonPropertyOrder(4)]
    public required bool BodyIsCut { get; init; }

    public static ParkedDetailResponse Of(StoredParked parked, ParkedContent content)
    {
        var isCut = content.Body.Length < parked.Size;
        var body = ShownBody.Of(content.Body, isCut);
        return new ParkedDetailResponse(ParkedResponse.Of(parked))
        {
            Properties = ShownProperties.Of(PropertiesBytes.Read(content.Properties)),
            Body = body.Text,
            BodyEncoding = body.Encoding,
            BodyIsCut = isCut,
        };
    }
}
