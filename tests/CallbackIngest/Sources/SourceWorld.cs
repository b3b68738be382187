using System.Security.Cryptography;
using System.Text;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Sources;
using Webhooks.Sources.Storage;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Sources;

/// <summary>Sources of a world's tenants, and senders that sign by themselves.</summary>
internal static class SourceWorld
{
    public const string Secret = SignedWebhooks.DocumentedSecret;

    /// <summary>A source that every instance knows.</summary>
    public static async Task<string> CreateSourceAsync(this World world, string kind, Func<SourceSettings, SourceSettings>? with = null, string secret = Secret, string tenantId = World.Tenant)
    {
        var settings = SourceVerifierTests.SettingsOf(kind);
        var source = await new SourceStore(world.Database, world.Vault).CreateAsync(
            new Source
            {
                Id = Guid.CreateVersion7(),
                TenantId = tenantId,
                Name = $"the {kind} of the tests",
                Kind = kind,
                Settings = with?.Invoke(settings) ?? settings,
                Secrets = [new(secret)],
                CreatedAt = default,
                UpdatedAt = default,
            },
            Actor.System,
            CancellationToken.None);
        var id = PrefixedId.Format(PrefixedId.Source, source.Id);
        await Eventually.TrueAsync(async () => (await world.Ingest.SendAsync([], [], token: null, $"/v1/sources/{id}")).Status == 401, World.Limit, "the source to be known");
        return id;
    }

    public static string Sign(string body, string secret = Secret) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));

    /// <summary>As Jira sends it.</summary>
    public static Task<Answer> JiraAsync(this World world, string path, string body, string identifier, string secret = Secret) =>
        world.Ingest.SendAsync(SignedWebhooks.Bytes(body), [("X-Hub-Signature", Sign(body, secret)), ("X-Atlassian-Webhook-Identifier", identifier)], token: null, $"/v1/sources/{path}");

    public static void Is(this Answer answer, string status, bool replayed = false)
    {
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Text}");
        Assert.Equal($$"""{"status":"{{status}}"}""", answer.Text);
        Assert.Equal(replayed ? "true" : "false", answer.Replayed);
    }
}
