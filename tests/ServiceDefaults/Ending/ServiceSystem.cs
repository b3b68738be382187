using Npgsql;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.ServiceDefaults.Tests.Ending;

/// <summary>What one service needs: a database and a broker's virtual host of its own, each behind a relay.</summary>
internal sealed class ServiceSystem : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings;

    private ServiceSystem(string service, string postgres, TcpRelay database, TcpRelay broker, Dictionary<string, string> settings) =>
        (Service, Postgres, Database, Broker, _settings) = (service, postgres, database, broker, settings);

    public string Service { get; }

    /// <summary>Npgsql connection string, past the relay.</summary>
    public string Postgres { get; }

    public TcpRelay Database { get; }

    public TcpRelay Broker { get; }

    public static async Task<ServiceSystem> CreateAsync(string service)
    {
        var postgres = await TestDatabase.CreateAsync();
        var amqp = new Uri(await TestBroker.CreateVhostAsync());
        var direct = new NpgsqlConnectionStringBuilder(postgres);
        var database = new TcpRelay(direct.Host!, direct.Port);
        var broker = new TcpRelay(amqp.Host, amqp.Port);
        return new ServiceSystem(service, postgres, database, broker, new Dictionary<string, string>
        {
            ["ConnectionStrings:Postgres"] = new NpgsqlConnectionStringBuilder(postgres) { Host = "127.0.0.1", Port = database.Port }.ConnectionString,
            ["ConnectionStrings:RabbitMq"] = new UriBuilder(amqp) { Host = "127.0.0.1", Port = broker.Port }.Uri.AbsoluteUri,
            ["Webhooks:AdminToken"] = "whk_of_the_test_0123456789abcdef0123456789",
            ["Webhooks:SecretKeyId"] = "test",
            ["Webhooks:SecretKeys:test"] = Convert.ToBase64String(new byte[32]),
        });
    }

    public Task<ServiceChild> StartAsync() => ServiceChild.StartAsync(Service, _settings);

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await Broker.DisposeAsync();
    }
}
