using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Subscriptions.Tests;

public sealed class ProfileTests
{
    [Theory]
    [InlineData("matcher", 5, RetryOn.ServerErrors, null)]
    [InlineData("matchaudit", 10, RetryOn.AnyFailure, null)]
    [InlineData("kyc", 10, RetryOn.AnyFailure, "KYC-Webhooks/1.0")]
    [InlineData("bookkeeper", 10, RetryOn.AnyFailure, null)]
    [InlineData("standard", 15, RetryOn.AnyFailure, null)]
    public void A_built_in_profile_is_found_by_its_name(string name, int deadlineSeconds, RetryOn retryOn, string? userAgent)
    {
        Assert.True(Profile.TryFind(name, out var profile));
        Assert.Equal(
            (name, TimeSpan.FromSeconds(deadlineSeconds), retryOn, userAgent),
            (profile.Name, profile.Deadline, profile.RetryOn, profile.UserAgent));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Matcher")]
    [InlineData("other")]
    public void Nothing_else_is_a_profile(string? name) => Assert.False(Profile.TryFind(name, out _));

    [Fact]
    public void There_are_five() => Assert.Equal(5, BuiltInProfiles.All.Select(profile => profile.Name).Distinct().Count());

    [Fact]
    public void A_profile_sends_the_headers_that_its_signature_covers() => Assert.All(
        BuiltInProfiles.All,
        profile => Assert.All(
            new[] { profile.Signature.TimestampHeader, profile.Signature.IdHeader }.OfType<string>(),
            covered => Assert.Contains(covered, profile.Headers.Select(header => header.Name))));
}
