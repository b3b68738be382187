using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Api.OpenApi;
using Webhooks.Contracts;
using Webhooks.Management.Tests.OpenApi;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests;

/// <summary>The service as it is, in this process: real HTTP, a database and a virtual host of its own.</summary>
public sealed class ManagementApi : IAsyncLifetime
{
    public const string AdminToken = "whk_admin_of_the_tests_000000";

    /// <summary>
    /// When a refusal must have come: the broker is waited for for a second, and a request's deadline is three. The rest is for a busy
    /// machine, and less than the ten seconds after which a wait for the broker's answer ends by itself.
    /// </summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(9);

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    private readonly List<Host> _hosts = [];
    private NpgsqlDataSource? _database;
    private ApiContract? _contract;

    public string Postgres { get; private set; } = "";

    public string RabbitMq { get; private set; } = "";

    /// <summary>The service's clock runs with the wall's, and can be set forward.</summary>
    public ShiftedTime Time { get; } = new();

    /// <summary>Everything that was logged, from Trace upwards.</summary>
    public CapturedLog Log { get; } = new();

    public NpgsqlDataSource Database => _database!;

    /// <summary>What the service says about itself; every answer is held to it.</summary>
    public ApiContract Contract => _contract!;

    /// <summary>Where the first instance listens.</summary>
    public Uri Address => _hosts[0].Client.BaseAddress!;

    public IServiceProvider Services => _hosts[0].Services;

    public async ValueTask InitializeAsync()
    {
        (Postgres, RabbitMq) = (await TestDatabase.CreateMigratedAsync(), await TestBroker.CreateVhostAsync());
        _database = NpgsqlDataSource.Create(Postgres);
        var client = await StartHostAsync();
        // What needs the broker is refused until it is reached.
        await Eventually.TrueAsync(
            async () => (await client.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode, StartLimit, "a service that is ready");
        _contract = ApiContract.Of(await client.GetStringAsync(new Uri(OpenApiRoute.Path, UriKind.Relative)));
    }

    /// <summary>What every instance is configured with.</summary>
    public IEnumerable<(string Key, string Value)> Settings() =>
    [
        ("ConnectionStrings:Postgres", Postgres),
        ("ConnectionStrings:RabbitMq", RabbitMq),
        ("Webhooks:AdminToken", AdminToken),
        ("Webhooks:SecretKeyId", "test"),
        ("Webhooks:SecretKeys:test", Convert.ToBase64String(new byte[32])),
    ];

    /// <summary>One more instance of the service on the same servers, or with other settings.</summary>
    public async Task<HttpClient> StartHostAsync(params (string Key, string Value)[] settings)
    {
        var host = new Host(this, settings);
        host.StartServer();
        _hosts.Add(host);
        var client = host.CreateClient();
        await Eventually.TrueAsync(
            async () => (await client.GetAsync(new Uri("/health/live", UriKind.Relative))).IsSuccessStatusCode, StartLimit, "a live service");
        return client;
    }

    public Task<Answer> GetAsync(string path, string? token = AdminToken) => SendAsync(HttpMethod.Get, path, body: null, token);

    public Task<Answer> PostAsync(string path, object body, string? token = AdminToken) => SendAsync(HttpMethod.Post, path, body, token);

    public Task<Answer> PatchAsync(string path, object body, string? token = AdminToken, string? ifMatch = null) =>
        SendAsync(HttpMethod.Patch, path, body, token, ifMatch);

    public Task<Answer> DeleteAsync(string path, string? token = AdminToken) => SendAsync(HttpMethod.Delete, path, body: null, token);

    /// <param name="method">The verb.</param>
    /// <param name="path">From /v1 on.</param>
    /// <param name="body">A string or bytes are sent as they are, anything else as JSON with its members' own names.</param>
    /// <param name="token">Null: none.</param>
    /// <param name="ifMatch">Of PATCH and DELETE.</param>
    /// <param name="via">Another instance than the first.</param>
    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body, string? token, string? ifMatch = null, HttpClient? via = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body switch
            {
                byte[] bytes => bytes,
                string text => Encoding.UTF8.GetBytes(text),
                _ => JsonSerializer.SerializeToUtf8Bytes(body),
            });
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return await SendAsync(request, token, ifMatch, via);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request, string? token, string? ifMatch = null, HttpClient? via = null)
    {
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        // Read before it is sent, which disposes of it.
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync();
        using var response = await (via ?? _hosts[0].Client).SendAsync(request);
        var answer = new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers.ContentType?.MediaType);
        Contract.Hold(request, body, answer);
        return answer;
    }

    /// <summary>The answer of an instance whose servers are away, which must come soon; a busy machine may hold any single one up.</summary>
    public async Task<Answer> SendSoonAsync(HttpMethod method, string path, object? body, string? token, HttpClient via)
    {
        Answer? answer = null;
        await IsSoonAsync(async () => answer = await SendAsync(method, path, body, token, via: via));
        return answer!;
    }

    /// <summary>Holds what must come soon to that; it is asked for anew when it came too late.</summary>
    public static Task IsSoonAsync(Func<Task> ask) => Promptly.MostAsync(Soon, rounds: 1, async () =>
    {
        var asked = TimeProvider.System.GetTimestamp();
        await ask();
        return TimeProvider.System.GetElapsedTime(asked);
    });

    /// <summary>A token of a tenant (null: of all), with all scopes unless named.</summary>
    public async Task<string> TokenAsync(string? tenantId, params string[] scopes)
    {
        var made = await PostAsync("/v1/tokens", new { tenant_id = tenantId, scopes = scopes is [] ? [.. Api.Access.Scope.All] : scopes });
        Assert.Equal(HttpStatusCode.Created, made.Status);
        return made.Json.GetProperty("token").GetString()!;
    }

    /// <summary>A subscription to everything of a tenant.</summary>
    public async Task<Answer> SubscribeAsync(string tenantId, string url = "https://receiver.example/hook")
    {
        var made = await PostAsync("/v1/subscriptions", new { tenant_id = tenantId, url, event_types = new[] { "*" } });
        Assert.Equal(HttpStatusCode.Created, made.Status);
        return made;
    }

    public static Guid IdOf(Answer subscription) =>
        PrefixedId.TryParse(PrefixedId.Subscription, subscription.Id, out var id) ? id : throw new InvalidOperationException($"{subscription.Id} is no subscription's id.");

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await Database.DisposeAsync();
    }

    /// <summary>Program (found by any type beside it), with the tests' settings.</summary>
    private sealed class Host(ManagementApi api, (string Key, string Value)[] settings)
        : ServiceFactory<Management.Events.EventStore>(api.Settings().Concat(settings).Select(setting => KeyValuePair.Create(setting.Key, setting.Value)))
    {
        private HttpClient? _client;

        public HttpClient Client => _client ??= CreateClient();

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            base.ConfigureWebHost(builder);
            builder.ConfigureLogging(logging =>
            {
                logging.ClearProviders().AddProvider(api.Log);
                // Over appsettings.json: what is never logged must not be logged at any level.
                logging.Services.Configure<LoggerFilterOptions>(filter =>
                {
                    filter.Rules.Clear();
                    filter.MinLevel = LogLevel.Trace;
                });
            });
            builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(api.Time));
        }
    }
}
