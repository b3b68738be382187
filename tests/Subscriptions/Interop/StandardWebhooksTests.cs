using System.Text;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Tests.Interop;

/// <summary>What the profile <c>standard</c> sends is what the packages that everybody installs accept.</summary>
public sealed class StandardWebhooksTests
{
    private const string OldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    // Generated as a subscription's is, and each time another one.
    private static readonly string Secret = SecretRule.Generate();

    public static MatrixTheoryData<string, string> Requests => new(
        ["standardwebhooks", "svix"],
        ["exception.created", "match.confirmed", "payment.posted"]);

    public static TheoryData<string> Packages => ["standardwebhooks", "svix"];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task The_package_accepts_what_is_sent(string package, string document)
    {
        SkipWithoutRuntime();
        var (headers, body) = Render(document, new SubscriptionSecret(Secret));

        Assert.Equal("valid", await NodePackages.VerifyAsync(package, body, headers, Secret));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task During_a_grace_period_the_package_accepts_with_either_secret(string package)
    {
        SkipWithoutRuntime();
        var now = TimeProvider.System.GetUtcNow();
        var (headers, body) = Render("exception.created", [.. SecretRotation.Rotate([new SubscriptionSecret(OldSecret)], Secret, now, TimeSpan.FromHours(1))]);

        Assert.Equal("valid", await NodePackages.VerifyAsync(package, body, headers, Secret));
        Assert.Equal("valid", await NodePackages.VerifyAsync(package, body, headers, OldSecret));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task The_package_refuses_another_secret_a_changed_body_and_another_id(string package)
    {
        SkipWithoutRuntime();
        var (headers, body) = Render("exception.created", new SubscriptionSecret(Secret));

        Assert.Equal("invalid", await NodePackages.VerifyAsync(package, body, headers, OldSecret));
        Assert.Equal("invalid", await NodePackages.VerifyAsync(package, body + " ", headers, Secret));
        Assert.Equal("invalid", await NodePackages.VerifyAsync(package, body, new Dictionary<string, string>(headers) { ["webhook-id"] = "evt_other" }, Secret));
    }

    private static void SkipWithoutRuntime() =>
        Assert.SkipUnless(NodePackages.HasRuntime(), "'node' and 'npm' are not installed; they install and run the packages that receivers verify with.");

    private static (IReadOnlyDictionary<string, string> Headers, string Body) Render(string document, params SubscriptionSecret[] secrets)
    {
        var some = Some.Subscription("*");
        var subscription = some with { Secrets = secrets, Settings = some.Settings with { Profile = BuiltInProfiles.Standard } };

        // The packages take no older request, nor one from the future.
        var request = new RequestRenderer().Render(subscription.Settings, subscription, Documents.Event(document), TimeProvider.System.GetUtcNow());
        return (request.Headers.ToDictionary(), Encoding.UTF8.GetString(request.Body.Span));
    }
}
