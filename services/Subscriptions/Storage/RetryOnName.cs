using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Subscriptions.Storage;

/// <summary>The rule's name in the database and in the API.</summary>
public static class RetryOnName
{
    private const string ServerErrors = "server_errors";
    private const string AnyFailure = "any_failure";

    public static string Of(RetryOn rule) => rule switch
    {
        RetryOn.ServerErrors => ServerErrors,
        RetryOn.AnyFailure => AnyFailure,
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "This rule has no name."),
    };

    public static RetryOn? Find(string? name) => name switch
    {
        ServerErrors => RetryOn.ServerErrors,
        AnyFailure => RetryOn.AnyFailure,
        _ => null,
    };
}
