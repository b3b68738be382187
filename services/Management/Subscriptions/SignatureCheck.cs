using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Management.Subscriptions;

/// <summary>Do profile, signature, headers and secret go together? Each of them may be the new one, which is then to blame.</summary>
internal static class SignatureCheck
{
    public static void Check(MemberReader body, SubscriptionDraft draft)
    {
        if (body.IsFaulty(SignatureMembers.Name) || body.IsFaulty("profile") || Profile(body, draft) is not { } profile)
        {
            return;
        }

        foreach (var name in draft.Headers?.TakenBy(profile) ?? [])
        {
            body.Fault(
                body.Has(HeaderMembers.Name) ? $"{HeaderMembers.Name}/{MemberReader.Escaped(name)}" : Blamed(body),
                FieldError.InvalidValue,
                $"The header {name} carries a part of the signature or of the profile {profile.Name}, and cannot have a value of its own.");
        }

        if (draft.Secret is { } secret && SecretRule.FaultOf(secret, profile.Signature) is { } unfit)
        {
            body.Fault(
                body.Has("secret") ? "secret" : Blamed(body),
                FieldError.InvalidValue,
                $"The secret does not fit the {(draft.Signature is null ? "" : "signature of the ")}profile {draft.Profile.Name}. {unfit}");
        }

        if (draft is { Signature: not null, Url: not null, EventTypes: not null } && body.Errors.Count == 0
            && SignatureTrial.FaultOf(draft.Settings(), draft.SecretOrNew()) is { } fault)
        {
            body.Fault(body.Has(SignatureMembers.Name) ? SignatureMembers.Name : Newest(body), FieldError.InvalidValue, fault);
        }
    }

    private static Profile? Profile(MemberReader body, SubscriptionDraft draft)
    {
        try
        {
            return draft.Signature?.ApplyTo(draft.Profile) ?? draft.Profile;
        }
        catch (ArgumentException fault)
        {
            body.Fault(
                body.Has(SignatureMembers.Name) ? SignatureMembers.Name + SchemeFault.MemberOf(fault) : Blamed(body),
                FieldError.InvalidValue,
                SchemeFault.SentenceOf(fault));
            return null;
        }
    }

    // Null takes something away, and may be to blame as well.
    private static string Blamed(MemberReader body) => body.Names(SignatureMembers.Name) ? SignatureMembers.Name : "profile";

    private static string Newest(MemberReader body) =>
        new[] { HeaderMembers.Name, "transform", "event_types", "secret" }.FirstOrDefault(body.Names) ?? "profile";
}
