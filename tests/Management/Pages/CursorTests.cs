using Webhooks.Api.Pages;

namespace Webhooks.Management.Tests.Pages;

public sealed class CursorTests
{
    private static readonly Cursor Sample = new(new DateTimeOffset(2024, 1, 20, 10, 30, 0, 123, 456, TimeSpan.Zero), Guid.Parse("01a1fc6f-7f6f-7472-8db2-061d67cc7ccc"));

    [Fact]
    public void What_is_written_is_read()
    {
        Assert.True(Cursor.TryRead('d', Sample.Write('d'), out var read));
        Assert.Equal(Sample, read);
    }

    [Fact]
    public void Another_lists_cursor_is_refused() => Assert.False(Cursor.TryRead('s', Sample.Write('d'), out _));

    [Theory]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
    [InlineData("ZH______________________________8")]
    public void What_nobody_wrote_is_refused(string text) => Assert.False(Cursor.TryRead('d', text, out _));

    [Fact]
    public void Any_single_change_is_refused_or_another_place()
    {
        var written = Sample.Write('d');
        for (var place = 0; place < written.Length; place++)
        {
            var changed = $"{written[..place]}{(written[place] == 'A' ? 'B' : 'A')}{written[(place + 1)..]}";
            Assert.False(Cursor.TryRead('d', changed, out var read) && read == Sample);
        }
    }
}
