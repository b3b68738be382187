using System.Globalization;
using Webhooks.Management.Stats;

namespace Webhooks.Management.Tests.Stats;

public sealed class SpansTests
{
    [Theory]
    [InlineData("10:00", "12:00", "09:00", "minutes 10:00-12:00")]
    [InlineData("10:00", "12:00", "10:00", "minutes 10:00-12:00")]
    [InlineData("10:00", "12:00", "11:00", "hours 10:00-11:00, minutes 11:00-12:00")]
    [InlineData("10:00", "12:00", "15:00", "hours 10:00-12:00")]
    [InlineData("10:01", "12:59", "15:00", "minutes 10:01-11:00, hours 11:00-12:00, minutes 12:00-12:59")]
    [InlineData("10:01", "10:59", "15:00", "minutes 10:01-10:59")]
    [InlineData("10:01", "11:01", "15:00", "minutes 10:01-11:01")]
    public void Whole_hours_that_were_added_up_come_from_the_hours_and_the_rest_from_the_minutes(string since, string until, string hoursUntil, string expected) =>
        Assert.Equal(expected, string.Join(", ", Spans.Of(At(since), At(until), At(hoursUntil)).Select(span => $"{(span.Hours ? "hours" : "minutes")} {span.From:HH:mm}-{span.To:HH:mm}")));

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2024-01-20T{time}:00Z", CultureInfo.InvariantCulture);
}
