using System.Text.Json.Nodes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.Sources.Storage;

/// <summary>What the audit says of a source: which members, from what to what. Pure. Of its secret only that it is another.</summary>
internal static class SourceAudit
{
    private const string Fields = "fields";

    public static AuditEntry Created(Source source, Actor by)
    {
        var changes = new JsonObject();
        foreach (var (member, value) in MembersOf(source))
        {
            changes[member] = Change(null, value);
        }

        return Entry(source, by, AuditAction.SourceCreated, changes);
    }

    public static AuditEntry Deleted(Source source, Actor by) => Entry(source, by, AuditAction.SourceDeleted);

    /// <summary>One for each kind of thing that was done; none when nothing is different.</summary>
    public static IEnumerable<AuditEntry> OfChange(Source from, Source to, Actor by)
    {
        if (ChangesOf(MembersOf(from), MembersOf(to)) is { Count: > 0 } changes)
        {
            yield return Entry(to, by, AuditAction.SourceUpdated, changes);
        }

        if (!from.Secrets.SequenceEqual(to.Secrets))
        {
            var rotated = Entry(to, by, AuditAction.SecretRotated, new JsonObject { ["secret"] = "changed" });
            // Null: the old one is good no longer.
            rotated.Details!["previous_valid_until"] = to.Secrets.Skip(1).Max(secret => secret.ValidUntil)?.UtcDateTime;
            yield return rotated;
        }
    }

    // As it is stored, so that no setting is ever forgotten here; what is null is not there. Each field is one of its own:
    // they are long, and mostly one of them changes.
    private static JsonObject MembersOf(Source source)
    {
        var members = new JsonObject { ["name"] = source.Name };
        foreach (var (member, value) in JsonNode.Parse(SourceJson.Write(source.Settings))!.AsObject())
        {
            if (member == Fields)
            {
                foreach (var (field, mapping) in value!.AsObject())
                {
                    members[$"{Fields}.{field}"] = mapping?.DeepClone();
                }
            }
            else
            {
                members[member] = value?.DeepClone();
            }
        }

        return members;
    }

    private static JsonObject ChangesOf(JsonObject from, JsonObject to)
    {
        var changes = new JsonObject();
        foreach (var member in from.Concat(to).Select(member => member.Key).Distinct(StringComparer.Ordinal))
        {
            var (old, now) = (from[member], to[member]);
            if (old?.ToJsonString() != now?.ToJsonString())
            {
                changes[member] = Change(old, now);
            }
        }

        return changes;
    }

    private static JsonObject Change(JsonNode? old, JsonNode? now) => new() { ["old"] = old?.DeepClone(), ["new"] = now?.DeepClone() };

    private static AuditEntry Entry(Source source, Actor by, string action, JsonObject? changes = null)
    {
        var details = new JsonObject { ["name"] = source.Name, ["kind"] = source.Kind };
        if (changes is not null)
        {
            details["changes"] = changes;
        }

        return by.Did(action, source.TenantId, PrefixedId.Format(PrefixedId.Source, source.Id), details);
    }
}
