using Npgsql;
using Webhooks.Broker.Connections;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;

namespace Webhooks.Local.Running;

/// <summary>The broker and the database: given ones are used, missing ones are started as our children.</summary>
internal sealed class Servers(OwnedDirectory directory, ServiceSettings settings, Action<StepProgress> report) : IAsyncDisposable
{
    private const string Database = "webhooks";

    public RabbitMqServer? RabbitMq { get; private set; }

    public PostgresServer? Postgres { get; private set; }

    public string RabbitMqConnection { get; private set; } = "";

    public string PostgresConnection { get; private set; } = "";

    public IEnumerable<ISupervised> Children => new ISupervised?[] { RabbitMq, Postgres }.OfType<ISupervised>();

    /// <summary>Of those that are our children.</summary>
    public IEnumerable<ClientScript> Clients => new[] { RabbitMq?.Client, Postgres?.ClientOf(Database) }.OfType<ClientScript>();

    public Task StartAsync(CancellationToken cancellationToken) =>
        Together.RunAsync(cancellationToken, StartRabbitMqAsync, StartPostgresAsync);

    public async ValueTask DisposeAsync() => await Task.WhenAll(
        RabbitMq?.DisposeAsync().AsTask() ?? Task.CompletedTask,
        Postgres?.DisposeAsync().AsTask() ?? Task.CompletedTask);

    private async Task StartRabbitMqAsync(CancellationToken cancellationToken)
    {
        const string name = "RabbitMQ";
        if (settings.GivenRabbitMq is { } given)
        {
            await Readiness.RequireAsync("ConnectionStrings__RabbitMq", () => Readiness.ProbeRabbitMqAsync(given, cancellationToken));
            RabbitMqConnection = given;
            report(new(name, StepState.Done, $"given: {string.Join(", ", BrokerAddress.TryRead(given)!.Select(node => node.Authority))}"));
            return;
        }

        report(new(name, StepState.Working, "starting a private one"));
        RabbitMq = await RabbitMqServer.StartAsync(directory, text => report(new(name, StepState.Working, text)), cancellationToken);
        RabbitMqConnection = RabbitMq.ConnectionString;
        report(new(name, StepState.Done, $"ready on 127.0.0.1:{RabbitMq.Port}"));
    }

    private async Task StartPostgresAsync(CancellationToken cancellationToken)
    {
        const string name = "PostgreSQL";
        if (settings.GivenPostgres is { } given)
        {
            await Readiness.RequireAsync("ConnectionStrings__Postgres", () => Readiness.ProbePostgresAsync(given, cancellationToken));
            var parts = new NpgsqlConnectionStringBuilder(given);
            PostgresConnection = given;
            report(new(name, StepState.Done, $"given: {parts.Host}:{parts.Port}, database {parts.Database}"));
            return;
        }

        report(new(name, StepState.Working, "starting a private one"));
        Postgres = await PostgresServer.StartAsync(
            directory, Durability.Full, text => report(new(name, StepState.Working, text)), cancellationToken);
        PostgresConnection = await Postgres.CreateDatabaseAsync(Database, cancellationToken);
        report(new(name, StepState.Done, $"ready on 127.0.0.1:{Postgres.Port}"));
    }
}
