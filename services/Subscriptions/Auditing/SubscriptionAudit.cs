using System.Text.Json.Nodes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Subscriptions.Auditing;

/// <summary>What the audit says of a subscription's change: which members, from what to what. Pure. Secrets are masked.</summary>
internal static class SubscriptionAudit
{
    public static AuditEntry Created(Subscription created, Actor by)
    {
        var changes = new JsonObject { ["state"] = Change(null, SubscriptionStateName.Of(created.State)), ["secret"] = Change(null, SecretText.Mask(created.SigningSecret)) };
        foreach (var (name, value) in AuditedMembers.Of(created.Settings).Where(member => member.Value is not null))
        {
            changes[name] = Change(null, value);
        }

        return Entry(created, by, AuditAction.SubscriptionCreated, new JsonObject { ["changes"] = changes });
    }

    /// <summary>One for each kind of thing that was done; none when nothing is different.</summary>
    public static IEnumerable<AuditEntry> Changed(Subscription before, Subscription after, Actor by)
    {
        if (ChangedSettings(before, after) is { Count: > 0 } changes)
        {
            yield return Entry(after, by, AuditAction.SubscriptionUpdated, new JsonObject { ["revision"] = after.Revision, ["changes"] = changes });
        }

        if (!after.Secrets.SequenceEqual(before.Secrets))
        {
            yield return Entry(after, by, AuditAction.SecretRotated, Rotated(before, after));
        }

        if (after.State != before.State)
        {
            yield return Entry(after, by, ActionOf(before.State, after.State), new JsonObject
            {
                ["reason"] = after.DisabledReason,
                ["changes"] = new JsonObject { ["state"] = Change(SubscriptionStateName.Of(before.State), SubscriptionStateName.Of(after.State)) },
            });
        }

        if (after.Deleted && !before.Deleted)
        {
            yield return Entry(after, by, AuditAction.SubscriptionDeleted, details: null);
        }
    }

    private static JsonObject ChangedSettings(Subscription before, Subscription after)
    {
        var changes = new JsonObject();
        foreach (var (old, now) in AuditedMembers.Of(before.Settings).Zip(AuditedMembers.Of(after.Settings)))
        {
            // As they are spelled: JsonNode would take 1.0 and 1 for equal, which are two revisions.
            if (old.Value?.ToJsonString() != now.Value?.ToJsonString() || (now.Key == AuditedMembers.Headers && HasOtherCredentials(before, after)))
            {
                changes[now.Key] = Change(old.Value, now.Value);
            }
        }

        // With a new state it is that change's reason.
        if (before.DisabledReason != after.DisabledReason && before.State == after.State)
        {
            changes["disabled_reason"] = Change(before.DisabledReason, after.DisabledReason);
        }

        return changes;
    }

    // They look the same when they are hidden.
    private static bool HasOtherCredentials(Subscription before, Subscription after) =>
        before.Settings.Headers is { } old && !old.Equals(after.Settings.Headers);

    private static JsonObject Rotated(Subscription before, Subscription after) => new()
    {
        ["changes"] = new JsonObject { ["secret"] = Change(SecretText.Mask(before.SigningSecret), SecretText.Mask(after.SigningSecret)) },
        // Null: the old one is good no longer.
        ["previous_valid_until"] = after.Secrets.Skip(1).Max(secret => secret.ValidUntil)?.UtcDateTime,
    };

    private static string ActionOf(SubscriptionState before, SubscriptionState after) => after switch
    {
        SubscriptionState.Active when before == SubscriptionState.Paused => AuditAction.SubscriptionResumed,
        SubscriptionState.Active => AuditAction.SubscriptionEnabled,
        SubscriptionState.Paused => AuditAction.SubscriptionPaused,
        SubscriptionState.Disabled => AuditAction.SubscriptionDisabled,
        _ => throw new ArgumentOutOfRangeException(nameof(after), after, "This state has no action."),
    };

    private static JsonObject Change(JsonNode? old, JsonNode? now) => new() { ["old"] = old, ["new"] = now };

    private static AuditEntry Entry(Subscription subscription, Actor by, string action, JsonObject? details) =>
        by.Did(action, subscription.TenantId, PrefixedId.Format(PrefixedId.Subscription, subscription.Id), details);
}
