namespace Webhooks.Signatures.Tests;

public sealed class SigningKeyTests
{
    [Theory]
    [InlineData("{timestamp}.{body}", "{timestamp}")]
    [InlineData("{id}.{body}", "{id}")]
    [InlineData("{header:X-Source}.{body}", "{header:X-Source}")]
    [InlineData("{pointer:/missing}", "{pointer:/missing}")]
    public void A_part_without_value_is_named(string template, string placeholder)
    {
        var key = new SigningKey(new SignatureScheme("X-Signature", template, timestampHeader: "X-Timestamp", idHeader: "X-Id"), "secret");

        var exception = Assert.Throws<SigningException>(() => key.Sign("{}"u8));

        Assert.EndsWith($"there is no value for {placeholder}.", exception.Message);
        Assert.Equal(placeholder, exception.Placeholder);
    }

    [Fact]
    public void A_failed_signature_leaves_nothing_behind_in_the_key()
    {
        var key = new SigningKey(new SignatureScheme("X-Signature", "{body}{pointer:/id}"), "secret");
        var before = key.Sign("{\"id\":1}"u8);

        Assert.Throws<SigningException>(() => key.Sign("{}"u8));

        Assert.Equal(before, key.Sign("{\"id\":1}"u8));
    }

    [Fact]
    public async Task One_key_signs_on_many_threads()
    {
        var key = new SigningKey(Schemes.MatchAudit, "secret");
        var bodies = Enumerable.Range(0, 50).Select(number => new byte[number * 100]).ToArray();
        var expected = Array.ConvertAll(bodies, body => new SigningKey(Schemes.MatchAudit, "secret").Sign(body));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var round = 0; round < 200; round++)
            {
                Assert.Equal(expected, Array.ConvertAll(bodies, body => key.Sign(body)));
            }
        })));
    }

    [Fact]
    public void A_long_header_is_signed_whole()
    {
        var key = new SigningKey(Schemes.Sha512Base64Url, "secret");
        string Sign(string source) => key.Sign("{}"u8, headers: _ => source);

        Assert.NotEqual(Sign(new string('ü', 100_000)), Sign(new string('ü', 99_999) + 'u'));
    }
}
