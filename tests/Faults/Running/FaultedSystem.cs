using Npgsql;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Faults.Running;

/// <summary>The real system as processes, on servers of its own that it reaches through relays.</summary>
internal sealed class FaultedSystem : IAsyncDisposable
{
    private readonly OwnedDirectory _directory;

    private FaultedSystem(OwnedDirectory directory, RabbitMqServer broker, PostgresServer database, string databaseConnection, TcpRelay brokerLink, TcpRelay databaseLink, LocalSystem services)
    {
        (_directory, Broker, Database, BrokerLink, DatabaseLink, Services) = (directory, broker, database, brokerLink, databaseLink, services);
        DatabaseConnection = databaseConnection;
    }

    public RabbitMqServer Broker { get; }

    public PostgresServer Database { get; }

    public TcpRelay BrokerLink { get; }

    public TcpRelay DatabaseLink { get; }

    public LocalSystem Services { get; }

    /// <summary>Past the relay, for those who judge.</summary>
    public string DatabaseConnection { get; }

    public static async Task<FaultedSystem> StartAsync(FaultOptions options)
    {
        var directory = await TestDirectory.CreateOwnedAsync("faults");
        var broker = RabbitMqServer.StartAsync(directory);
        var database = PostgresServer.StartAsync(directory);
        await Task.WhenAll(broker, database);
        var connection = await database.Result.CreateDatabaseAsync("webhooks");
        var brokerLink = new TcpRelay("127.0.0.1", broker.Result.Port);
        var databaseLink = new TcpRelay("127.0.0.1", database.Result.Port);
        var services = await LocalSystem.StartAsync(
            new Dictionary<string, string>
            {
                ["ConnectionStrings__RabbitMq"] = new UriBuilder(broker.Result.ConnectionString) { Port = brokerLink.Port }.Uri.AbsoluteUri,
                ["ConnectionStrings__Postgres"] = new NpgsqlConnectionStringBuilder(connection) { Port = databaseLink.Port }.ConnectionString,
            },
            "--dispatchers", $"{options.Dispatchers}", "--publishers", $"{options.Publishers}");
        return new FaultedSystem(directory, broker.Result, database.Result, connection, brokerLink, databaseLink, services);
    }

    public async ValueTask DisposeAsync()
    {
        BrokerLink.Restore();
        DatabaseLink.Restore();
        await Services.DisposeAsync();
        await BrokerLink.DisposeAsync();
        await DatabaseLink.DisposeAsync();
        await Broker.DisposeAsync();
        await Database.DisposeAsync();
        _directory.Dispose();
    }
}
