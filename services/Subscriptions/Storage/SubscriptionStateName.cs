namespace Webhooks.Subscriptions.Storage;

/// <summary>A state's name in the database and in the API.</summary>
public static class SubscriptionStateName
{
    private const string Active = "active";
    private const string Paused = "paused";
    private const string Disabled = "disabled";

    public static string Of(SubscriptionState state) => state switch
    {
        SubscriptionState.Active => Active,
        SubscriptionState.Paused => Paused,
        SubscriptionState.Disabled => Disabled,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "This state has no name."),
    };

    public static SubscriptionState? Find(string? name) => name switch
    {
        Active => SubscriptionState.Active,
        Paused => SubscriptionState.Paused,
        Disabled => SubscriptionState.Disabled,
        _ => null,
    };

    internal static SubscriptionState Parse(string name) =>
        Find(name) ?? throw new InvalidOperationException($"A subscription's row has the state \"{name}\", which this version does not know: run one that does.");
}
