using Webhooks.Dispatcher.Health;

namespace Webhooks.Dispatcher.Tests.Health;

public sealed class BreakerOptionsTests
{
    [Fact]
    public void The_defaults_are_those_that_are_documented()
    {
        var options = new BreakerOptions();

        Assert.Equal((5, 10, 10, 300), (options.Failures, options.FailingFor.TotalSeconds, options.FirstWait.TotalSeconds, options.LongestWait.TotalSeconds));
        Assert.Equal((24, 5), (options.HoldFor.TotalHours, options.DisableAfter.TotalDays));
        Assert.True(new BreakerOptionsValidator().Validate(name: null, options).Succeeded);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once_and_by_name()
    {
        var options = new BreakerOptions
        {
            Failures = 0, FailingFor = TimeSpan.FromHours(2), FirstWait = TimeSpan.FromDays(3), LongestWait = TimeSpan.FromDays(2), HoldFor = TimeSpan.Zero, DisableAfter = TimeSpan.Zero,
        };

        var faults = new BreakerOptionsValidator().Validate(name: null, options).Failures!;

        Assert.Equal(
            ["Failures", "FailingFor", "FirstWait", "LongestWait", "HoldFor", "DisableAfter"],
            faults.Select(fault => fault.Split("Webhooks:Breaker:")[1].Split(' ')[0]));
        Assert.Contains(faults, fault => fault.EndsWith("Webhooks:Breaker:Failures must lie between 1 and 1000.", StringComparison.Ordinal));
    }
}
