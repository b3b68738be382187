using Webhooks.Api.OpenApi;
using Webhooks.Management.Subscriptions;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Management.Secrets;

/// <summary>How a subscription's secret is described.</summary>
internal static class SecretDocs
{
    public const string Example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwGfKQ9r8GKYo=";

    /// <summary>A secret that somebody gives.</summary>
    public static Schema Given { get; } = Schema.Text(
        $"The signing secret: {SecretRule.ShortestText} to {SecretRule.LongestText} printable ASCII characters; for the profile `standard` base64 of 24 to 64 bytes, with or without `{SecretRule.Prefix}` before it. Null: one is made.",
        Example,
        SecretRule.ShortestText,
        SecretRule.LongestText,
        "^[ -~]+$");

    public static Operation Rotate() => new(
        SubscriptionDocs.Tag,
        "rotateSecret",
        "Rotate the secret",
        """
        Gives a subscription a new signing secret. For the grace period deliveries are signed with the old secret, too, so that the receiver can change over in its own time: in the same header under the profile `standard`, in a second one named `<signature header>-Previous` under the others. The answer shows the new secret in full.
        """)
    {
        Parameters = [Parameter.Path("id", Words.SubscriptionId), Parameter.IfMatch],
        Body = Schema.Request(
            "The rotation that is wanted; no body is a whole one.",
            [],
            ("grace_period_seconds", Schema.Whole("For how long the old secret still signs; 0 ends it at once.", SecretsApi.UsualGrace, 0, SecretsApi.LongestGrace).Default(SecretsApi.UsualGrace)),
            ("secret", Given.Saying("The new secret, other than the present one. Null: one is made."))).ShowingOnly("grace_period_seconds"),
        BodyIsOptional = true,
        Answers = [Answer.Ok<SubscriptionResponse>("The subscription with its new secret.", SubscriptionDocs.Subscription.Showing("secret", Example)).Tagged()],
    };

    public static Operation Reveal() => new(
        SubscriptionDocs.Tag, "revealSecret", "Show the secret", "Shows the secret that signs a subscription's deliveries in full. The audit keeps who asked.")
    {
        Parameters = [Parameter.Path("id", Words.SubscriptionId)],
        Answers = [Answer.Ok<SecretResponse>("The secret; caches are told not to keep it.", Schema.Answer("A secret in full.", ("secret", Schema.Text("The signing secret.", Example))))],
    };
}
