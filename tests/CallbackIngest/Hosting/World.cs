using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Api.Access;
using Webhooks.Api.Tokens;
using Webhooks.Broker;
using Webhooks.Broker.Topology;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests;

/// <summary>What the service finds around it, and the service itself, as it is, in this process.</summary>
public sealed class World : Surroundings, IAsyncLifetime
{
    public const string AdminToken = "whk_admin_of_the_tests_000000";

    /// <summary>Of <see cref="Surroundings.Tenant"/>, for callbacks.</summary>
    public const string Token = "whk_token_of_the_tests_000001";

    /// <summary>Of the same tenant, for nothing that is here.</summary>
    public const string ReadToken = "whk_token_of_the_tests_000002";

    /// <summary>Of another tenant.</summary>
    public const string OtherToken = "whk_token_of_the_tests_000003";
    public const string OtherTenant = "tenant_002";

    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly List<Host> _hosts = [];
    private readonly Dictionary<IngestClient, Host> _addresses = [];

    public World()
        : this(TestBroker.CreateVhostAsync().GetAwaiter().GetResult(), TestDatabase.CreateMigratedAsync().GetAwaiter().GetResult())
    {
    }

    private World(string rabbitMq, string postgres)
        : base(rabbitMq, postgres) => RabbitMq = rabbitMq;

    public string RabbitMq { get; }

    /// <summary>Every line that the instances logged.</summary>
    public CapturedLog Log { get; } = new();

    /// <summary>The first instance.</summary>
    public IngestClient Ingest { get; private set; } = null!;

    public IServiceProvider Services => _hosts[0].Services;

    public async ValueTask InitializeAsync()
    {
        await PrepareServersAsync();
        Ingest = await StartIngestAsync();
    }

    /// <summary>A world whose first instance the test starts itself.</summary>
    /// <param name="postgres">An empty database; one of its own when null.</param>
    public static async Task<World> EmptyAsync(string? postgres = null)
    {
        var world = new World(await TestBroker.CreateVhostAsync(), await (postgres is null ? TestDatabase.CreateMigratedAsync() : TestDatabase.MigrateAsync(postgres)));
        await world.PrepareServersAsync();
        return world;
    }

    public override IEnumerable<KeyValuePair<string, string>> Settings(params (string Key, string Value)[] more) =>
        base.Settings([("Webhooks:AdminToken", AdminToken), ("Webhooks:CallbacksPerMinute", "0"), .. more]);

    public Task<IngestClient> StartIngestAsync(params (string Key, string Value)[] settings) => StartIngestAsync(route: null, settings);

    /// <param name="route">One more than the service has.</param>
    /// <param name="settings">Configuration keys, with colons.</param>
    internal async Task<IngestClient> StartIngestAsync(CallbackRoute? route, params (string Key, string Value)[] settings)
    {
        var host = new Host(Settings(settings), route, Log);
        await Task.Run(host.StartServer);
        _hosts.Add(host);
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var client = new IngestClient(new Uri(address));
        var links = host.Services.GetRequiredService<BrokerLinks>();
        await Eventually.TrueAsync(() => links.IsReady, Limit, "a service that is ready");
        await Eventually.TrueAsync(async () => (await client.SendAsync("{}", "k", token: ReadToken)).Status == 403, Limit, "the tokens to be known");
        await Eventually.TrueAsync(async () => (await client.SendAsync([], [], token: null, "/v1/sources/src_00000000000000000000000000000000")).Status == 404, Limit, "the sources to be read");
        _addresses[client] = host;
        return client;
    }

    /// <summary>Ends an instance as an operator does: what it has begun it finishes.</summary>
    public async Task StopIngestAsync(IngestClient ingest)
    {
        var host = _addresses[ingest];
        _hosts.Remove(host);
        await host.DisposeAsync();
    }

    /// <summary>The commands that wait for their service, taken.</summary>
    public Task<IReadOnlyList<BasicGetResult>> CommandsAsync() => Bus.DrainAsync(BrokerNames.ExceptionCommandsQueue);

    public Task<BasicGetResult> CommandAsync() => Bus.TakeAsync(BrokerNames.ExceptionCommandsQueue);

    public Task SayAsync(Guid commandId, string outcome, string? reason = null) => Bus.PublishAsync(
        BrokerNames.ResultsExchange, "anything", $$"""{"command_id":"{{commandId}}","outcome":"{{outcome}}","reason":{{(reason is null ? "null" : $"\"{reason}\"")}}}""");

    public Task<string> StatusAsync(string key) => Database.ScalarAsync<string>("SELECT status FROM callbacks WHERE idempotency_key = $1", key);

    public Task StatusIsAsync(string key, string status)
    {
        var last = "";
        return Eventually.TrueAsync(async () => (last = await StatusAsync(key)) == status, Limit, () => $"the callback {key} to be {status}; it is {last}");
    }

    /// <summary>As if the lease had run out.</summary>
    public Task EndLeaseAsync(string key) =>
        Database.ExecuteAsync("UPDATE callbacks SET lease_until = clock_timestamp() - interval '1 second' WHERE idempotency_key = $1 AND status = 'reserved'", key);

    public override async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    private async Task PrepareServersAsync()
    {
        await PrepareAsync();
        await CallbackTopology.DeclareAsync(Bus.Channel);
        await CallbackTopology.DeclareCommandsAsync(Bus.Channel, ExceptionRoute.Route.Queue, ExceptionRoute.Route.Binding);
        await CreateTokenAsync(Token, Tenant, Scope.CallbacksWrite);
        await CreateTokenAsync(ReadToken, Tenant, Scope.CallbacksRead);
        await CreateTokenAsync(OtherToken, OtherTenant, Scope.CallbacksWrite);
    }

    private Task CreateTokenAsync(string token, string tenantId, string scope) => new TokenStore(Database).CreateAsync(
        new ApiToken { Id = Guid.CreateVersion7(), TenantId = tenantId, Name = token[^4..], Scopes = [scope], Hash = TokenText.Hash(token), CreatedAt = default },
        Actor.System,
        CancellationToken.None);

    private sealed class Host(IEnumerable<KeyValuePair<string, string>> settings, CallbackRoute? route, CapturedLog log) : ServiceFactory<CallbackOptions>(settings)
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            base.ConfigureWebHost(builder);
            builder.ConfigureLogging(logging => logging.AddProvider(log));
            if (route is not null)
            {
                builder.ConfigureServices(services => services.AddSingleton(route));
            }
        }
    }
}
