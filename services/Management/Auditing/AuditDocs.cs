using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.Management.Auditing;

/// <summary>How /v1/audit is described.</summary>
internal static class AuditDocs
{
    private static readonly Tag Tag = new("Audit", "Who changed what, and when.");

    private static readonly Schema ActorId = Schema.Text(
        $"A token's id, a source's for its webhooks, `{Actor.AdminTokenId}` for the token from the configuration, or `{Actor.SystemId}` when nobody asked for it.", Words.TokenId.Example?.ToString());

    private static readonly Schema Action = Schema.Text(
        $"What was done. Of callbacks: `{AuditAction.CallbackAccepted}`, then `{AuditAction.CallbackApplied}` or `{AuditAction.CallbackFailed}`; `{AuditAction.CallbackReceived}`, a webhook that is no command; `{AuditAction.CallbackRefused}`.",
        AuditAction.SubscriptionUpdated);

    private static readonly Schema Subject = Schema.Text("The id of what it was done to; of a call that was refused, of what was called about.", Words.SubscriptionId.Example?.ToString());

    private static readonly Schema Entry = Schema.Answer(
        "Something that was done.",
        ("id", Words.Id(PrefixedId.Audit, "0198c0e3b17d7d1e8e4c35a9a1f0d2b6", "The entry's id.")),
        ("created_at", Words.CreatedAt.Saying("When it was done.")),
        ("tenant_id", Words.TenantId.OrNull().Saying("The tenant whose thing it was done to; null: it concerns all tenants.")),
        ("actor", Schema.Answer("Who did it.", ("id", ActorId), ("name", Schema.Text("What the token was called then.", "Deployment pipeline").OrNull()))),
        ("action", Action),
        ("subject", Subject),
        ("details", Schema.AnyObject(
            "What else there is to say; its members depend on the action. Of a change, `changes` has each member with its `old` and its `new` value. Secrets are masked.",
            (JsonObject)JsonNode.Parse("""{"revision":2,"changes":{"url":{"old":"https://receiver.example/hook","new":"https://receiver.example/v2/hook"}}}""")!).OrNull()),
        ("trace_id", Schema.Text("The trace of the request, as problems and logs name it.", "0af7651916cd43dd8448eb211c80319c").OrNull()),
        ("remote_address", Schema.Text("The address that the request came from: the last proxy's, if there is one.", "198.51.100.7").OrNull())).Named("AuditEntry");

    public static Operation List() => new(
        Tag,
        "listAudit",
        "List who changed what",
        "Lists the changes of subscriptions, sources, secrets and tokens, replays, each time a secret was shown, and every callback with what became of it, newest first. An entry is written in the transaction of what it tells of and cannot be changed or deleted. Only those of refused calls come a second later, and are lost with a process that is killed before; their `details` have the problem's `code`, and what one caller has in a minute beyond twenty of one tenant and code, or beyond 200 in all, is one entry with its `count` when the minute is over. A tenant's token sees its tenant's.")
    {
        Parameters =
        [
            Parameter.Tenant,
            Parameter.Query("action", Action.Saying("Only where this was done.")),
            Parameter.Query("subject", Subject.Saying("Only what was done to this.")),
            Parameter.Query("actor", ActorId.Saying("Only what this one did.")),
            .. Parameter.Period,
            .. Parameter.Page,
        ],
        Answers = [Answer.Ok<Api.Pages.Page<AuditResponse>>("A page of entries.", Words.PageOf(Entry))],
    };
}
