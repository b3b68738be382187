using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Subscriptions.Tests;

public sealed class RetryPolicyPropertyTests
{
    private static readonly Arbitrary<CustomRetry> AnyRetry = (
        from attempts in Gen.Choose(RetryLimits.FewestAttempts + 1, RetryLimits.MostAttempts)
        from initial in Between(RetryLimits.ShortestDelaySeconds, RetryLimits.LongestInitialDelaySeconds)
        from longest in Between(RetryLimits.ShortestDelaySeconds, RetryLimits.LongestMaxDelaySeconds)
        from multiplier in Between(RetryLimits.SmallestMultiplier, RetryLimits.LargestMultiplier)
        from jitter in Between(RetryLimits.SmallestJitter, RetryLimits.LargestJitter)
        select new CustomRetry
        {
            MaxAttempts = attempts, InitialDelaySeconds = initial, MaxDelaySeconds = longest, BackoffMultiplier = multiplier, Jitter = jitter,
        }).ToArbitrary();

    private static readonly Arbitrary<double> AnyChance = Between(0, 1).ToArbitrary();

    [Fact]
    public void No_wait_is_shorter_than_the_one_before() => Prop.ForAll(AnyRetry, retry =>
    {
        var waits = WaitsOf(retry);
        return waits.Zip(waits.Skip(1)).All(pair => pair.First <= pair.Second);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Waits_follow_the_formula_to_the_microsecond() => Prop.ForAll(AnyRetry, retry =>
        WaitsOf(retry).Select((wait, index) =>
        {
            var expected = Math.Min(retry.MaxDelaySeconds, retry.InitialDelaySeconds * Math.Pow(retry.BackoffMultiplier, index));
            return Math.Abs(wait.TotalSeconds - expected) < 1E-6;
        }).All(isClose => isClose)).QuickCheckThrowOnFailure();

    [Fact]
    public void Jitter_only_lengthens_and_no_further_than_it_says() => Prop.ForAll(AnyRetry, AnyChance, (retry, chance) =>
    {
        var policy = RetryPolicy.From(retry);
        return Enumerable.Range(2, policy.MaxAttempts - 1).All(number =>
        {
            var plain = policy.WaitBefore(number);
            var longest = plain * (1 + retry.Jitter) + TimeSpan.FromTicks(1_000);
            return policy.WaitBefore(number, chance) is var wait && wait >= plain && wait <= longest;
        });
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_wait_is_one_of_those_listed() => Prop.ForAll(AnyRetry, retry =>
    {
        var listed = RetryPolicy.From(retry).Waits;
        return WaitsOf(retry).All(listed.Contains) && listed.Count == listed.Distinct().Count();
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_longest_schedule_is_listed_in_at_most_19_delay_queues() => Prop.ForAll(AnyRetry, retry =>
        RetryPolicy.From(retry).Waits.Select(DelayRounding.RoundUp).Distinct().Count() <= RetryLimits.MostAttempts - 1).QuickCheckThrowOnFailure();

    private static TimeSpan[] WaitsOf(CustomRetry retry) =>
        [.. Enumerable.Range(2, retry.MaxAttempts - 1).Select(number => RetryPolicy.From(retry).WaitBefore(number))];

    private static Gen<double> Between(double from, double to) =>
        Gen.Choose(0, 1_000_000).Select(part => from + ((to - from) * part / 1_000_000));
}
