namespace Webhooks.Subscriptions.Secrets;

/// <summary>A secret in the clear.</summary>
/// <param name="Text">What is signed with; never logged.</param>
/// <param name="ValidUntil">The end of its grace period, when another has taken its place; null: it signs.</param>
public sealed record SubscriptionSecret(string Text, DateTimeOffset? ValidUntil = null)
{
    public bool IsValidAt(DateTimeOffset moment) => ValidUntil is null || moment < ValidUntil;

    // A record's own would print the secret into whatever logs a subscription.
    public override string ToString() => SecretText.Mask(Text);
}
