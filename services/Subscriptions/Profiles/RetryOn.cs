namespace Webhooks.Subscriptions.Profiles;

/// <summary>Which failures are worth another attempt. Data of a profile; a subscription may override it.</summary>
public enum RetryOn
{
    /// <summary><c>server_errors</c>: what a later attempt can mend by itself; the receiver's own refusals are final.</summary>
    ServerErrors,

    /// <summary><c>any_failure</c>: everything but what can never succeed.</summary>
    AnyFailure,
}
