using System.Globalization;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Subscriptions.Tests;

public sealed class RetryPolicyTests
{
    // As the documentation that this schedule comes from prints it.
    private const string DocumentedSchedule = """
        | 1       | Immediate  | 0s         |
        | 2       | 5 seconds  | 5s         |
        | 3       | 30 seconds | 35s        |
        | 4       | 2 minutes  | 2m 35s     |
        | 5       | 10 minutes | 12m 35s    |
        | 6       | 1 hour     | 1h 12m 35s |
        """;

    [Fact]
    public void The_default_schedule_is_the_documented_one()
    {
        var total = TimeSpan.Zero;
        foreach (var row in DocumentedSchedule.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            var number = int.Parse(row[0], CultureInfo.InvariantCulture);
            var wait = number == 1 ? TimeSpan.Zero : RetryPolicy.Default.WaitBefore(number);
            total += wait;

            Assert.Equal(Parse(row[1]), wait);
            Assert.Equal(Parse(row[2]), total);
        }

        Assert.Equal(6, RetryPolicy.Default.MaxAttempts);
    }

    [Fact]
    public void The_documented_example_of_a_custom_schedule_doubles()
    {
        var policy = RetryPolicy.From(new CustomRetry { MaxAttempts = 5, InitialDelaySeconds = 10, MaxDelaySeconds = 3600, BackoffMultiplier = 2 });

        Assert.Equal(5, policy.MaxAttempts);
        Assert.Equal([10, 20, 40, 80], Enumerable.Range(2, 4).Select(number => policy.WaitBefore(number).TotalSeconds));
    }

    [Fact]
    public void Missing_members_of_a_custom_schedule_have_defaults() => Assert.Equal(
        new CustomRetry { MaxAttempts = 6, InitialDelaySeconds = 5, MaxDelaySeconds = 3600, BackoffMultiplier = 2, Jitter = 0 }, new CustomRetry());

    [Fact]
    public void No_wait_is_longer_than_the_longest()
    {
        var policy = RetryPolicy.From(new CustomRetry { MaxAttempts = 20, InitialDelaySeconds = 86_400, MaxDelaySeconds = 100, BackoffMultiplier = 10 });

        Assert.All(Enumerable.Range(2, 19), number => Assert.Equal(TimeSpan.FromSeconds(100), policy.WaitBefore(number)));
    }

    [Theory]
    [InlineData(0.1, 3, 3, 300)]
    [InlineData(0.1, 1.1, 4, 121)]
    [InlineData(0.7, 1, 9, 700)]
    [InlineData(2.5, 1.5, 3, 3750)]
    public void Fractions_of_a_second_are_exact(double initial, double multiplier, int number, double milliseconds)
    {
        var wait = RetryPolicy.From(new CustomRetry { InitialDelaySeconds = initial, BackoffMultiplier = multiplier, MaxAttempts = 20 }).WaitBefore(number);

        Assert.Equal(milliseconds, wait.TotalMilliseconds);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.5, 12.5)]
    [InlineData(1, 15)]
    public void Jitter_adds_to_a_wait(double chance, double seconds) => Assert.Equal(
        TimeSpan.FromSeconds(seconds), RetryPolicy.From(new CustomRetry { InitialDelaySeconds = 10, Jitter = 0.5 }).WaitBefore(2, chance));

    [Fact]
    public void The_default_schedule_has_no_jitter() =>
        Assert.Equal(TimeSpan.FromSeconds(5), RetryPolicy.Default.WaitBefore(2, chance: 1));

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void There_is_no_wait_before_the_first_attempt_nor_after_the_last(int number) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryPolicy.Default.WaitBefore(number));

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Chance_is_from_0_to_1(double chance) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryPolicy.Default.WaitBefore(2, chance));

    [Fact]
    public void Each_wait_is_listed_once()
    {
        Assert.Equal([5, 30, 120, 600, 3600], RetryPolicy.Default.Waits.Select(wait => wait.TotalSeconds));
        Assert.Equal([50, 100], RetryPolicy.From(new CustomRetry { InitialDelaySeconds = 50, MaxDelaySeconds = 100 }).Waits.Select(wait => wait.TotalSeconds));
        Assert.Empty(RetryPolicy.From(new CustomRetry { MaxAttempts = 1 }).Waits);
    }

    [Fact]
    public void Policies_are_equal_by_what_they_say()
    {
        Assert.Equal(RetryPolicy.From(new CustomRetry()), RetryPolicy.From(new CustomRetry()));
        Assert.NotEqual(RetryPolicy.From(new CustomRetry()), RetryPolicy.Default);
    }

    [Fact]
    public void Absurd_numbers_still_give_a_wait()
    {
        var policy = RetryPolicy.From(new CustomRetry
        {
            MaxAttempts = 2_000, InitialDelaySeconds = double.MaxValue, MaxDelaySeconds = double.MaxValue, BackoffMultiplier = 1E10, Jitter = 1,
        });

        Assert.InRange(policy.WaitBefore(2_000, chance: 1), TimeSpan.FromDays(365), TimeSpan.MaxValue);
    }

    private static TimeSpan Parse(string text) => text == "Immediate" ? TimeSpan.Zero : text
        .Replace(" seconds", "s", StringComparison.Ordinal)
        .Replace(" minutes", "m", StringComparison.Ordinal)
        .Replace(" hour", "h", StringComparison.Ordinal)
        .Split(' ')
        .Select(part => int.Parse(part[..^1], CultureInfo.InvariantCulture) * part[^1] switch { 'h' => 3600, 'm' => 60, _ => 1 })
        .Aggregate(TimeSpan.Zero, (sum, seconds) => sum + TimeSpan.FromSeconds(seconds));
}
