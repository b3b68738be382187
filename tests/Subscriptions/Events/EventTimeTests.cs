using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests;

public sealed class EventTimeTests
{
    [Theory]
    [InlineData("2024-01-20T10:30:00Z", 1705746600, "2024-01-20T10:30:00.000Z")]
    [InlineData("2024-01-20T10:30Z", 1705746600, "2024-01-20T10:30:00.000Z")]
    [InlineData("2024-01-20T10:30:00.5Z", 1705746600, "2024-01-20T10:30:00.500Z")]
    [InlineData("2024-01-20T10:30:00.9999999Z", 1705746600, "2024-01-20T10:30:00.999Z")] // truncated
    [InlineData("2024-01-20T10:30:00.987654321Z", 1705746600, "2024-01-20T10:30:00.987Z")] // nine decimals, as Go writes
    [InlineData("2024-01-20T12:30:00+02:00", 1705746600, "2024-01-20T10:30:00.000Z")]
    [InlineData("2024-01-20T12:30:00+0200", 1705746600, "2024-01-20T10:30:00.000Z")]
    [InlineData("2024-01-20T12:30:00+02", 1705746600, "2024-01-20T10:30:00.000Z")]
    [InlineData("2024-01-20T00:00:00-10:30", 1705746600, "2024-01-20T10:30:00.000Z")]
    [InlineData("2024-02-29T23:59:59.001Z", 1709251199, "2024-02-29T23:59:59.001Z")]
    [InlineData("1969-12-31T23:59:59.250Z", -1, "1969-12-31T23:59:59.250Z")] // floored, not cut towards zero
    [InlineData("0001-01-01T00:00:00Z", -62135596800, "0001-01-01T00:00:00.000Z")]
    [InlineData("9999-12-31T23:59:59.999Z", 253402300799, "9999-12-31T23:59:59.999Z")]
    public void A_timestamp_with_an_offset_names_a_moment(string text, long unixSeconds, string utc)
    {
        Assert.True(EventTime.TryParse(text, out var time));
        Assert.Equal(unixSeconds, time.UnixSeconds);
        Assert.Equal(utc, time.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Z")]
    [InlineData("2024-01-20")]
    [InlineData("2024-01-20T10:30:00")] // no offset
    [InlineData("2024-01-20 10:30:00Z")]
    [InlineData("2024-01-20t10:30:00z")]
    [InlineData("20240120T103000Z")]
    [InlineData("2024-13-20T10:30:00Z")]
    [InlineData("2024-00-20T10:30:00Z")]
    [InlineData("2023-02-29T10:30:00Z")]
    [InlineData("2024-01-00T10:30:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2024-01-20T24:00:00Z")]
    [InlineData("2024-01-20T10:60:00Z")]
    [InlineData("2024-01-20T10:30:60Z")]
    [InlineData("2024-01-20T10:30:00.Z")]
    [InlineData("2024-01-20T10:30:00,5Z")]
    [InlineData("2024-01-20T10:30:00.5")]
    [InlineData("2024-01-20T10:30:0Z")]
    [InlineData("2024-01-20T10:30:00Z ")]
    [InlineData(" 2024-01-20T10:30:00Z")]
    [InlineData("2024-01-20T10:30:00ZZ")]
    [InlineData("2024-01-20T10:30:00+2")]
    [InlineData("2024-01-20T10:30:00+02:")]
    [InlineData("2024-01-20T10:30:00+02:0")]
    [InlineData("2024-01-20T10:30:00+02:60")]
    [InlineData("2024-01-20T10:30:00+24:00")]
    [InlineData("2024-01-20T10:30:00+02:00:00")]
    [InlineData("+2024-1-20T10:30:00Z")]
    [InlineData("2024-+1-20T10:30:00Z")]
    [InlineData("٢٠٢٤-01-20T10:30:00Z")] // digits, but not ASCII's
    [InlineData("0001-01-01T00:00:00+01:00")] // before the first moment there is
    [InlineData("9999-12-31T23:59:59-00:01")] // after the last
    [InlineData("2024-01-20T10:30:00.00000000000000000000000000000000000000000000000000Z")]
    public void Anything_else_names_none(string text) => Assert.False(EventTime.TryParse(text, out _));

    [Fact]
    public void The_moment_of_acceptance_is_written_in_UTC_with_three_decimals() => Assert.Equal(
        "2024-01-20T10:30:00.987Z",
        EventTime.From(new DateTimeOffset(2024, 1, 20, 12, 30, 0, TimeSpan.FromHours(2)).AddMilliseconds(987.6)).ToString());

    [Fact]
    public void A_moment_before_1970_is_floored_too() =>
        Assert.Equal(new EventTime(-1, 999), EventTime.From(DateTimeOffset.UnixEpoch.AddTicks(-1)));
}
