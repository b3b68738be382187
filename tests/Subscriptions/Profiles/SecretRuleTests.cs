using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Subscriptions.Tests;

public sealed class SecretRuleTests
{
    public static TheoryData<string> PlainProfiles => [.. BuiltInProfiles.All.Select(profile => profile.Name).Except(["standard"])];

    [Fact]
    public void A_generated_secret_is_32_random_bytes_in_base64_that_every_profile_accepts()
    {
        var secret = SecretRule.Generate();

        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.Equal(32, Convert.FromBase64String(secret["whsec_".Length..]).Length);
        Assert.NotEqual(secret, SecretRule.Generate());
        Assert.All(BuiltInProfiles.All, profile => Assert.Null(SecretRule.FaultOf(secret, profile.Signature)));
    }

    [Theory]
    [MemberData(nameof(PlainProfiles))]
    public void A_given_secret_is_16_to_128_printable_ASCII_characters(string name)
    {
        Assert.True(Profile.TryFind(name, out var profile));

        Assert.Null(SecretRule.FaultOf("0123456789abcdef", profile.Signature));
        Assert.Null(SecretRule.FaultOf("~ not base64 !\"#", profile.Signature));
        Assert.Null(SecretRule.FaultOf(new string('x', 128), profile.Signature));
        Assert.NotNull(SecretRule.FaultOf(new string('x', 129), profile.Signature));
        Assert.NotNull(SecretRule.FaultOf("0123456789abcde", profile.Signature));
        Assert.NotNull(SecretRule.FaultOf("0123456789abcdeé", profile.Signature));
        Assert.NotNull(SecretRule.FaultOf("0123456789abcde\n", profile.Signature));
        Assert.NotNull(SecretRule.FaultOf("", profile.Signature));
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_secret_of_the_standard_profile_has_24_to_64_bytes(int bytes, bool fits)
    {
        var base64 = Convert.ToBase64String(new byte[bytes]);

        Assert.Equal(fits, SecretRule.FaultOf("whsec_" + base64, BuiltInProfiles.Standard.Signature) is null);
        Assert.Equal(fits, SecretRule.FaultOf(base64, BuiltInProfiles.Standard.Signature) is null);
    }

    [Theory]
    [InlineData("whsec_not-base64-but-long-enough-to-be-a-secret")]
    [InlineData("whsec_AAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Anything_but_base64_is_refused_there_without_repeating_it(string secret)
    {
        var fault = SecretRule.FaultOf(secret, BuiltInProfiles.Standard.Signature);

        Assert.NotNull(fault);
        Assert.DoesNotContain(secret, fault, StringComparison.Ordinal);
    }
}
