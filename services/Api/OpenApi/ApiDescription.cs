using System.Text.Json.Nodes;

namespace Webhooks.Api.OpenApi;

/// <summary>What a service's document says of the service as a whole.</summary>
/// <param name="Title">A name.</param>
/// <param name="Summary">A sentence.</param>
/// <param name="Introduction">What every caller must know, in Markdown.</param>
internal sealed record ApiDescription(string Title, string Summary, string Introduction)
{
    /// <summary>What receivers get; null: this service sends nothing.</summary>
    public ToldWebhooks? Webhooks { get; init; }
}

/// <summary>The section about webhooks, made when the document is.</summary>
internal sealed record ToldWebhooks(Tag Tag, Func<JsonObject> Paths, Func<JsonObject> Headers, Func<IEnumerable<Schema>> Schemas);
