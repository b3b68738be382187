namespace Webhooks.Sending.Answers;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("1", 1)]
    [InlineData("120", 120)]
    [InlineData(" 120 ", 120)]
    [InlineData("007", 7)]
    [InlineData("86400", 86_400)]
    [InlineData("86401", 86_400)]
    [InlineData("99999999999999999999", 86_400)]
    [InlineData("Sat, 20 Jan 2024 10:30:07 GMT", 7)]
    [InlineData("Saturday, 20-Jan-24 10:30:07 GMT", 7)]
    [InlineData("Sat Jan 20 10:30:07 2024", 7)]
    [InlineData("Sat Feb  3 10:30:00 2024", 86_400)]
    [InlineData("Fri, 20 Jan 2034 10:30:00 GMT", 86_400)]
    public void Seconds_and_dates_are_read_up_to_a_day(string value, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryAfter.Read(value, Now));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("+5")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("soon")]
    [InlineData("١٢")]
    [InlineData("Sat, 20 Jan 2024 10:30:00 GMT")]
    [InlineData("Sat, 20 Jan 2024 10:29:00 GMT")]
    [InlineData("2024-01-20T11:30:00Z")]
    [InlineData("Sat, 32 Jan 2024 10:30:07 GMT")]
    public void What_asks_for_no_time_is_ignored(string value) => Assert.Null(RetryAfter.Read(value, Now));
}
