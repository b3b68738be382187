using Webhooks.Api.OpenApi;

namespace Webhooks.Management.OpenApi;

/// <summary>What the document says of this API as a whole.</summary>
internal static class ManagementDescription
{
    private const string Introduction =
        """
        Webhooks delivers your services' events to the HTTP endpoints that subscribe to them: signed, retried, and with every attempt on record. With this API you manage subscriptions and their secrets, publish events, follow what became of them, and repair what failed. The section *webhooks* shows what a receiver gets.

        **Requests and answers** are JSON with `snake_case` names. A member that this document does not name is refused in requests, except in events; in answers a later version may add some, so ignore those you do not know. An absent value is written as `null`, and in requests `null` means the default. Times are ISO 8601, in answers always in UTC. Every `GET` answers to `HEAD`, too.

        **Problems** are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) documents. Decide by their `code`, which never changes; show people their `detail`; quote `trace_id` when you ask the operator about one. Faults of a body or query are all named at once in `errors`. After 429 and 503 wait for the seconds that `Retry-After` names and send the same request again.

        **Lists** come in pages, newest first. Pass `next_cursor` as `cursor` until it is null.

        **Tenants.** A token belongs to one tenant or, being an administrator's, to none. What belongs to another tenant does not exist for a token: it is not listed, and its id answers 404.
        """;

    public static ApiDescription Api { get; } = new("Webhooks", "Manage webhook subscriptions, publish events and follow their deliveries.", Introduction)
    {
        Webhooks = new ToldWebhooks(WebhookSection.Tag, WebhookSection.Write, WebhookSection.Headers, () => WebhookSection.Schemas),
    };
}
