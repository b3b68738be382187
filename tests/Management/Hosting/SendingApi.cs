using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests;

/// <summary>The service as a developer runs it: it may send to this machine, and trusts the tests' authority.</summary>
public sealed class SendingApi : IAsyncLifetime
{
    private HttpClient? _client;

    public ManagementApi Api { get; } = new();

    public TestCertificateAuthority Authority { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Api.InitializeAsync();
        _client = await StartHostAsync();
    }

    /// <summary>One more instance, with settings of its own.</summary>
    public async Task<HttpClient> StartHostAsync(params (string Key, string Value)[] settings) => await Api.StartHostAsync(
    [
        ("Webhooks:AllowInsecureUrls", "true"),
        ("Webhooks:AllowedAddresses", "127.0.0.0/8, ::1"),
        ("Webhooks:TrustedCertificates", await Authority.WritePemAsync(await TestDirectory.CreateAsync("authority"))),
        ("Webhooks:TestsPerMinute", "1000"),
        .. settings,
    ]);

    public Task<Answer> PostAsync(string path, object? body = null, string? token = ManagementApi.AdminToken) =>
        Api.SendAsync(HttpMethod.Post, path, body, token, via: _client);

    /// <summary>A token of a tenant that this instance knows at once.</summary>
    public async Task<string> TokenAsync(string tenantId, HttpClient? via = null)
    {
        var made = await Api.SendAsync(
            HttpMethod.Post, "/v1/tokens", new { tenant_id = tenantId, scopes = Webhooks.Api.Access.Scope.All }, ManagementApi.AdminToken, via: via ?? _client);
        return made.Member("token")!;
    }

    /// <summary>
    /// A subscription to everything of a tenant, with more members than these. Its receiver has as long as may be, unless said otherwise: a busy
    /// machine's answers late.
    /// </summary>
    public async Task<Answer> SubscribeAsync(string tenantId, string url, params (string Name, object Value)[] members)
    {
        var body = new Dictionary<string, object> { ["tenant_id"] = tenantId, ["url"] = url, ["event_types"] = new[] { "*" }, ["timeout_seconds"] = 30 };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        var made = await PostAsync("/v1/subscriptions", body);
        Assert.True(made.Status == System.Net.HttpStatusCode.Created, made.Text);
        return made;
    }

    /// <summary>Tests a subscription.</summary>
    public async Task<JsonElement> TestAsync(Answer subscription, object? body = null)
    {
        var answer = await PostAsync($"/v1/subscriptions/{subscription.Id}/test", body);
        Assert.True(answer.Status == System.Net.HttpStatusCode.OK, answer.Text);
        return answer.Json;
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        Authority.Dispose();
    }
}
