namespace Webhooks.Subscriptions.Secrets;

/// <summary>What secrets a subscription has after another has taken the signing one's place. Pure.</summary>
public static class SecretRotation
{
    /// <summary>Old ones beside the signing one: who rotates more often than that within one grace period loses the oldest.</summary>
    public const int MostPrevious = 4;

    /// <param name="present">The signing one first, then older ones, newest first.</param>
    /// <param name="next">The one that signs from now on.</param>
    /// <param name="now">The moment of the rotation.</param>
    /// <param name="grace">How long what signed until now stays valid; zero: not at all.</param>
    public static IReadOnlyList<SubscriptionSecret> Rotate(IReadOnlyList<SubscriptionSecret> present, string next, DateTimeOffset now, TimeSpan grace)
    {
        ArgumentNullException.ThrowIfNull(present);
        // Whole microseconds, as the database keeps them: the answer says what every later one says.
        var end = now + grace;
        end = end.AddTicks(-(end.Ticks % TimeSpan.TicksPerMicrosecond));
        return
        [
            new SubscriptionSecret(next),
            .. present
                // The last word on how long anything old may be used is the newest one.
                .Select(secret => secret with { ValidUntil = secret.ValidUntil < end ? secret.ValidUntil : end })
                .Where(secret => secret.IsValidAt(now))
                .Take(MostPrevious),
        ];
    }
}
