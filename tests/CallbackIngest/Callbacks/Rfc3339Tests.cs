using Webhooks.CallbackIngest.Callbacks;

namespace Webhooks.CallbackIngest.Tests.Callbacks;

public sealed class Rfc3339Tests
{
    [Theory]
    [InlineData("2024-01-20T10:30:00Z", "2024-01-20T10:30:00.0000000Z")]
    [InlineData("2024-01-20t10:30:00z", "2024-01-20T10:30:00.0000000Z")]
    [InlineData("2024-01-20 10:30:00.5+01:00", "2024-01-20T09:30:00.5000000Z")]
    [InlineData("2024-01-20T10:30:00.123456789-23:59", "2024-01-21T10:29:00.1234567Z")] // .NET knows no offset beyond 14 hours
    [InlineData("2024-01-20T10:30:00+23:59", "2024-01-19T10:31:00.0000000Z")]
    [InlineData("2024-01-20T10:30:00+24:00", null)]
    [InlineData("2024-01-20T10:30:00+10:60", null)]
    [InlineData("2024-01-20T10:30:00+1:000", null)]
    [InlineData("2024-01-20T10:30:00+ 1:00", null)]
    [InlineData("1990-12-31T00:00:60-23:59", "1990-12-31T23:59:59.0000000Z")]
    [InlineData("9999-12-31T23:59:59-00:01", null)]
    [InlineData("2024-01-20T10:30:00.1234567891234567891234567891234567891234567891234567891234567891234567891234567890Z", "2024-01-20T10:30:00.1234567Z")]
    [InlineData("2024-01-20T10:30:00.123456789-12:00", "2024-01-20T22:30:00.1234567Z")]
    [InlineData("1990-12-31T23:59:60Z", "1990-12-31T23:59:59.0000000Z")]
    [InlineData("1990-12-31T15:59:60.5-08:00", "1990-12-31T23:59:59.5000000Z")]
    [InlineData("2024-01-20T10:30:60Z", null)]
    [InlineData("1990-12-31T23:59:60+01:00", null)]
    [InlineData("1990-12-31T23:59:61Z", null)]
    [InlineData("2024-01-20T10:30:00Z ", null)]
    [InlineData("", null)]
    [InlineData("2024-01-20T10:30:00", null)]
    [InlineData("2024-01-20T10:30Z", null)]
    [InlineData("2024-01-20T10:30:00.Z", null)]
    [InlineData("2024-01-20T10:30:00+01", null)]
    [InlineData("2024-01-20T10:30:00+0100", null)]
    [InlineData("2024-02-30T10:30:00Z", null)]
    [InlineData("2024-01-20T24:00:00Z", null)]
    [InlineData("0001-01-01T00:00:00+14:00", null)]
    [InlineData(" 2024-01-20T10:30:00Z", null)]
    [InlineData("2024-01-20T10:30:00ZZ", null)]
    public void Times_are_read_as_the_RFC_writes_them(string text, string? expected) =>
        Assert.Equal(expected, Rfc3339.TryParse(text, out var time) ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'") : null);
}
