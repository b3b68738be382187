using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Tests.Secrets;

public sealed class SecretRotationTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(55);
    private static readonly SubscriptionSecret[] One = [new("first secret")];

    [Fact]
    public void What_signed_until_now_stays_valid_for_the_grace_period() => Assert.Equal(
        [new("second secret"), new("first secret", Now.AddHours(1))],
        SecretRotation.Rotate(One, "second secret", Now, TimeSpan.FromHours(1)));

    [Fact]
    public void Without_grace_nothing_old_is_left()
    {
        var rotated = SecretRotation.Rotate(One, "second secret", Now, TimeSpan.FromHours(1));

        Assert.Equal([new("third secret")], SecretRotation.Rotate(rotated, "third secret", Now, TimeSpan.Zero));
    }

    [Fact]
    public void Nothing_old_outlives_what_is_newer()
    {
        var rotated = SecretRotation.Rotate(One, "second secret", Now, TimeSpan.FromDays(7));

        Assert.Equal(
            [new("third secret"), new("second secret", Now.AddHours(1)), new("first secret", Now.AddHours(1))],
            SecretRotation.Rotate(rotated, "third secret", Now, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void What_has_ended_is_dropped_and_so_is_the_oldest_of_too_many()
    {
        IReadOnlyList<SubscriptionSecret> secrets = One;
        for (var number = 2; number <= 8; number++)
        {
            secrets = SecretRotation.Rotate(secrets, $"secret {number}", Now, TimeSpan.FromDays(1));
        }

        Assert.Equal(["secret 8", "secret 7", "secret 6", "secret 5", "secret 4"], secrets.Select(secret => secret.Text));
        Assert.Equal(
            [new("secret 9"), new("secret 8", Now.AddDays(3))],
            SecretRotation.Rotate(secrets, "secret 9", Now.AddDays(2), TimeSpan.FromDays(1)));
    }

    [Fact]
    public void The_end_of_a_grace_period_is_as_precise_as_the_database() =>
        Assert.Equal(Now.AddHours(1), SecretRotation.Rotate(One, "second secret", Now.AddTicks(9), TimeSpan.FromHours(1))[1].ValidUntil);

    [Fact]
    public void A_secret_in_a_log_is_masked() => Assert.DoesNotContain("first", $"{One[0]}", StringComparison.Ordinal);
}
