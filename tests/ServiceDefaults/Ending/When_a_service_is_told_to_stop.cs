using Npgsql;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.ServiceDefaults.Tests.Ending;

/// <summary>Real processes, SIGTERM and exit codes. A service may take 45 s when deliveries are in hand; here none are.</summary>
public sealed class When_a_service_is_told_to_stop : IAsyncLifetime
{
    // The migrator's.
    private const long MigrationLock = 0x5745_4248_4F4F_4B53;

    // What .NET tells of a process that a signal has ended.
    private const int EndedBySignal = 128 + 15;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly ServiceSystem[] _systems = new ServiceSystem[4];

    public async ValueTask InitializeAsync()
    {
        foreach (var (place, service) in new[] { "Publisher", "Dispatcher", "CallbackIngest", "Management" }.Index())
        {
            _systems[place] = await ServiceSystem.CreateAsync(service);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var system in _systems)
        {
            await system.DisposeAsync();
        }
    }

    [Fact]
    public Task Should_end_at_once_when_nothing_of_it_runs_yet() => EachAsync(async system =>
    {
        await using var child = await system.StartAsync();

        Assert.Contains(await child.TerminateAsync(Limit), new int?[] { 0, EndedBySignal });
    });

    [Fact]
    public Task Should_end_in_order_while_the_database_says_nothing_at_its_start() => EachAsync(async system =>
    {
        system.Database.FallSilent();
        await using var child = await system.StartAsync();
        await system.Database.HoldsAsync().WaitAsync(Limit);

        await EndsInOrderAsync(child);
    });

    [Fact]
    public Task Should_end_in_order_when_a_statement_of_its_start_is_not_answered() => EachAsync(async system =>
    {
        await using var migrating = await LockMigrationsAsync(system.Postgres);
        await using var child = await system.StartAsync();
        await SaysAsync(child, "Another service is migrating the database");
        system.Database.FallSilent();

        await EndsInOrderAsync(child);
    });

    [Fact]
    public Task Should_end_in_order_as_soon_as_it_has_started() => EachAsync(async system =>
    {
        await using var child = await system.StartAsync();
        await SaysAsync(child, "Now listening on");

        await EndsInOrderAsync(child);
    });

    [Fact]
    public Task Should_end_in_order_while_neither_server_answers_any_more() => EachAsync(async system =>
    {
        await using var child = await system.StartAsync();
        await SaysAsync(child, "Application started", "Connected to RabbitMQ");
        system.Broker.FallSilent();
        system.Database.LoseAnswers();
        // Each of them asks the database all the time.
        await system.Database.HoldsAsync().WaitAsync(Limit);

        await EndsInOrderAsync(child);
    });

    private static async Task EndsInOrderAsync(ServiceChild child)
    {
        var code = await child.TerminateAsync(Limit);
        var log = await File.ReadAllLinesAsync(child.LogFile);

        Assert.True(code == 0, $"Exit code: {code?.ToString() ?? "none, it has not ended"}. {child.Tail}");
        Assert.DoesNotContain(log, line => line.Contains("fail: ", StringComparison.Ordinal) || line.Contains("crit: ", StringComparison.Ordinal));
    }

    private static Task SaysAsync(ServiceChild child, params string[] texts) => Eventually.TrueAsync(
        async () =>
        {
            var log = File.Exists(child.LogFile) ? await File.ReadAllTextAsync(child.LogFile) : "";
            return Array.TrueForAll(texts, text => log.Contains(text, StringComparison.Ordinal));
        },
        Limit,
        () => $"the service to say: {string.Join(", ", texts)}. {child.Tail}");

    private static async Task<NpgsqlConnection> LockMigrationsAsync(string database)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT pg_advisory_lock({MigrationLock})", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    // Side by side: most of the time is spent waiting.
    private Task EachAsync(Func<ServiceSystem, Task> test) => Task.WhenAll(_systems.Select(async system =>
    {
        try
        {
            await test(system);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{system.Service}: {failure.Message}", failure);
        }
    }));
}
