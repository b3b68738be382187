using System.Globalization;
using Webhooks.Dispatcher.Owed;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class OwedOptionsTests
{
    [Theory]
    [InlineData("00:00:01", true)]
    [InlineData("1.00:00:00", true)]
    [InlineData("00:00:00.9", false)]
    [InlineData("1.00:00:01", false)]
    [InlineData("-00:01:00", false)]
    public void The_grace_lies_between_a_second_and_a_day(string grace, bool isValid)
    {
        var result = new OwedOptionsValidator().Validate(name: null, new OwedOptions { OwedGrace = TimeSpan.Parse(grace, CultureInfo.InvariantCulture) });

        Assert.Equal(isValid, result.Succeeded);
        Assert.True(isValid || result.FailureMessage!.Contains("Webhooks:OwedGrace", StringComparison.Ordinal), result.FailureMessage);
    }
}
