using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Subscriptions.Tests;

public sealed class RequestSignersTests
{
    private readonly RequestSigners _signers = new();

    [Fact]
    public void A_signer_is_prepared_once_for_a_subscriptions_secrets()
    {
        var subscription = Some.Subscription("*");

        Assert.Same(
            _signers.For(BuiltInProfiles.Matcher, subscription.Secrets),
            _signers.For(BuiltInProfiles.Matcher, (subscription with { Revision = 2 }).Secrets));
    }

    [Fact]
    public void Other_secrets_have_another_signer()
    {
        var subscription = Some.Subscription("*");

        Assert.NotSame(
            _signers.For(BuiltInProfiles.Matcher, subscription.Secrets),
            _signers.For(BuiltInProfiles.Matcher, [.. subscription.Secrets]));
    }

    [Fact]
    public void Another_profile_has_another_signer()
    {
        var secrets = Some.Subscription("*").Secrets;

        Assert.Same(BuiltInProfiles.Matcher, _signers.For(BuiltInProfiles.Matcher, secrets).Profile);
        Assert.Same(BuiltInProfiles.Standard, _signers.For(BuiltInProfiles.Standard, secrets).Profile);
    }
}
