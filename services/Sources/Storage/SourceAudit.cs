using System.Text.Json.Nodes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.Sources.Storage;

/// <summary>What the audit says of a source: what it is, never its secret.</summary>
internal static class SourceAudit
{
    public static AuditEntry Of(Source source, Actor by, string action) => by.Did(
        action, source.TenantId, PrefixedId.Format(PrefixedId.Source, source.Id), new JsonObject { ["name"] = source.Name, ["kind"] = source.Kind });

    public static IEnumerable<AuditEntry> OfChange(Source from, Source to, Actor by)
    {
        var (old, next) = (from.Settings, to.Settings);
        var changed = new JsonArray();
        Note("name", from.Name == to.Name);
        Note("external_system", old.ExternalSystem == next.ExternalSystem);
        Note("authentication", old.Authentication == next.Authentication);
        Note("tolerance_seconds", old.ToleranceSeconds == next.ToleranceSeconds);
        Note("idempotency_key", old.IdempotencyKey == next.IdempotencyKey);
        Note("exception_id", old.ExceptionId == next.ExceptionId);
        Note("fields", SourceJson.Write(old with { Fields = next.Fields }) == SourceJson.Write(old));
        if (changed.Count > 0)
        {
            yield return by.Did(
                AuditAction.SourceUpdated,
                to.TenantId,
                PrefixedId.Format(PrefixedId.Source, to.Id),
                new JsonObject { ["name"] = to.Name, ["kind"] = to.Kind, ["changed"] = changed });
        }

        if (!from.Secrets.SequenceEqual(to.Secrets))
        {
            yield return Of(to, by, AuditAction.SecretRotated);
        }

        void Note(string member, bool same)
        {
            if (!same)
            {
                changed.Add(member);
            }
        }
    }
}
