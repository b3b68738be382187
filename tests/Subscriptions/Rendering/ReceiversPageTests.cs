using System.Text;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Subscriptions.Tests;

/// <summary>What contracts/receiving.md tells receivers is what is sent.</summary>
public sealed class ReceiversPageTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwGfKQ9r8GKYo=";

    private static readonly string Page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Rendering", "receiving.md"));

    private static readonly AcceptedEvent Event = Assert.IsType<EventReading.Accepted>(EventReader.Read(
        """
        { "id": "evt_1", "type": "exception.created", "timestamp": "2024-01-20T10:30:00Z", "tenant_id": "tenant_001",
          "data": { "exception_id": "exc_001", "amount": 15000.0 } }
        """u8)).Event;

    public static TheoryData<string> Profiles => [.. BuiltInProfiles.All.Select(profile => profile.Name)];

    [Theory]
    [InlineData("matcher")]
    [InlineData("standard")]
    public void The_example_is_signed_as_it_would_be_sent(string profileName)
    {
        var profile = Find(profileName);
        var body = EnvelopeRenderer.Render(profile, Event).Span;
        var headers = new RequestSigner(profile, Secret).HeadersFor(Event.Id, Event.Timestamp!, DateTimeOffset.FromUnixTimeSeconds(1705746605), body);

        Assert.Contains($"SECRET='{Secret}'", Page, StringComparison.Ordinal);
        Assert.Contains($"BODY='{Encoding.UTF8.GetString(body)}'", Page, StringComparison.Ordinal);
        Assert.All(headers.Where(header => header.Key != "User-Agent"), header => Assert.Contains($"\n{header.Key}: {header.Value}\n", Page, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void The_table_says_what_each_profile_signs_and_where_the_signature_is(string profileName)
    {
        var scheme = Find(profileName).Signature;
        var value = scheme.ValueTemplate.Replace("{digest}", scheme.DigestEncoding is DigestEncoding.Hex ? "<hex>" : "<base64>", StringComparison.Ordinal);

        var row = Page.Split('\n').First(line => line.StartsWith($"| `{profileName}` |", StringComparison.Ordinal));

        Assert.Contains($"| `{scheme.MessageTemplate}` |", row, StringComparison.Ordinal);
        Assert.Contains($"| `{scheme.SignatureHeader}: {value}` |", row, StringComparison.Ordinal);
        Assert.Contains(scheme.TimestampHeader is { } timestamp ? $"| `{timestamp}`, the " : "| none; ", row, StringComparison.Ordinal);
    }

    private static Profile Find(string name) => BuiltInProfiles.All.Single(profile => profile.Name == name);
}
