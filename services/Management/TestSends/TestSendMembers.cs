using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Management.Catalog;
using Webhooks.Management.Secrets;
using Webhooks.Management.Subscriptions;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Management.TestSends;

/// <summary>Reads what is to be tested.</summary>
internal sealed class TestSendMembers(SubscriptionMembers members, TimeProvider time)
{
    /// <summary>The tenant that a test is of when an administrator names none.</summary>
    private const string NoTenant = "test";

    /// <exception cref="RefusedException">400.</exception>
    public static CatalogType ReadType(MemberReader body)
    {
        var type = TypeOf(body);
        body.RefuseOthers();
        body.ThrowIfFaulty();
        return type;
    }

    /// <summary>A subscription that lasts as long as its test.</summary>
    /// <exception cref="RefusedException">400 or 403.</exception>
    public (Subscription Subscription, CatalogType Type, bool HasOwnSecret) ReadUrl(MemberReader body, Caller caller)
    {
        var tenantId = caller.TenantId is null && !body.Has(Caller.TenantMember) && !body.Names(Caller.TenantMember) ? NoTenant : caller.TenantOfNew(body);
        var type = TypeOf(body);
        var url = body.Text("url", null, null, members.ReadUrl);
        if (url is null && !body.Has("url"))
        {
            body.Fault("url", FieldError.Required, "A test needs a URL.");
        }

        var profile = body.Text("profile", SubscriptionDraft.DefaultProfile, SubscriptionDraft.DefaultProfile, SubscriptionMembers.ReadProfile);
        var secret = body.Text<string?>("secret", null, null, SecretReading.Read);
        if (secret is not null && SecretRule.FaultOf(secret, profile.Signature) is { } fault)
        {
            body.Fault("secret", FieldError.InvalidValue, $"It does not fit the profile {profile.Name}. {fault}");
        }

        body.RefuseOthers();
        body.ThrowIfFaulty();
        return (Passing(tenantId!, url!, profile, secret ?? SecretRule.Generate(), type.Type), type, secret is not null);
    }

    private static CatalogType TypeOf(MemberReader body)
    {
        var usual = EventCatalog.Find(EventCatalog.TestType)!;
        return body.Text("event_type", usual, usual, text => EventCatalog.Find(text) is { } known
            ? Reading<CatalogType>.Of(known)
            : Reading<CatalogType>.Refuse(FieldError.InvalidValue, $"It must be one of {string.Join(", ", EventCatalog.All.Select(known => known.Type))}."));
    }

    private Subscription Passing(string tenantId, string url, Profile profile, string secret, string eventType)
    {
        var now = time.GetUtcNow();
        return new Subscription
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            State = SubscriptionState.Active,
            Revision = 1,
            Settings = new SubscriptionSettings { Url = url, EventTypes = [eventType], Profile = profile },
            Secrets = [new SubscriptionSecret(secret)],
            CreatedAt = now,
            UpdatedAt = now,
            ConfigVersion = 0,
        };
    }
}
