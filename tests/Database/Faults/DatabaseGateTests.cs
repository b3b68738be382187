using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Database.Tests.Faults;

/// <summary>The gate on a server that really dies and comes back.</summary>
public sealed class DatabaseGateTests(DatabaseGateTests.OwnServer server) : IClassFixture<DatabaseGateTests.OwnServer>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly List<string> _signals = [];

    /// <summary>Tries that have ended, well or not.</summary>
    private int _ended;

    [Fact]
    public async Task Work_is_held_while_the_server_is_away_and_done_when_it_is_back()
    {
        await using var database = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        await database.ExecuteAsync("CREATE TABLE done (worker int PRIMARY KEY, times int NOT NULL)");
        var gate = Gate(database);
        // Sessions that are in the pool when the server dies: each of them is a broken connection to be met afterwards.
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => database.ExecuteAsync("SELECT pg_sleep(0.1)")));

        await server.Postgres.KillAsync();
        var work = Enumerable.Range(0, 20).Select(worker => gate.RunAsync(token => UpsertAsync(database, worker, token), CancellationToken.None)).ToList();
        await Eventually.TrueAsync(() => !gate.IsOpen, Limit, "the gate to close");
        // Whose try fails only when the server is back has met another outage.
        await Eventually.TrueAsync(() => Volatile.Read(ref _ended) == 20, Limit, "each to have been refused");
        Assert.All(work, held => Assert.False(held.IsCompleted));

        await server.Postgres.RestartAsync();
        await Task.WhenAll(work).WaitAsync(Limit);

        Assert.Equal(20, await database.ScalarAsync<long>("SELECT count(*) FROM done WHERE times = 1"));
        await Eventually.TrueAsync(() => gate.IsOpen, Limit, "the gate to be open");
        Assert.Equal(["closed", "opened"], Signals());
    }

    [Fact]
    public async Task A_server_that_accepts_connections_and_says_nothing_counts_as_away()
    {
        await using var database = NpgsqlDataSource.Create(
            ConnectionSettings.Of(await server.CreateDatabaseAsync() + ";Command Timeout=5;Timeout=5", onlyKeyLookups: false));
        var gate = Gate(database);
        // On a session that is there already: to open one has a deadline of its own.
        await database.ExecuteAsync("SELECT 1");

        Task<int> work;
        using (FrozenProcesses.Of(server.Postgres))
        {
            work = gate.RunAsync(token => SelectOneAsync(database, token), CancellationToken.None);
            await Eventually.TrueAsync(() => !gate.IsOpen, Limit, "the gate to close");
        }

        Assert.Equal(1, await work.WaitAsync(Limit));
    }

    [Fact]
    public async Task Who_stops_waiting_leaves_the_others_to_wait()
    {
        await using var database = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        var gate = Gate(database);
        await server.Postgres.StopAsync();

        using var leaving = new CancellationTokenSource();
        var first = gate.RunAsync(token => SelectOneAsync(database, token), leaving.Token);
        await Eventually.TrueAsync(() => !gate.IsOpen, Limit, "the gate to close");
        var second = gate.RunAsync(token => SelectOneAsync(database, token), CancellationToken.None);
        await Eventually.TrueAsync(() => Volatile.Read(ref _ended) == 2, Limit, "both to have been refused");
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(second.IsCompleted);
        await server.Postgres.RestartAsync();
        Assert.Equal(1, await second.WaitAsync(Limit));
        Assert.Equal(["closed", "opened"], Signals());
    }

    [Fact]
    public async Task Work_that_fails_by_its_data_is_not_repeated()
    {
        await using var database = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        var gate = Gate(database);
        var times = 0;

        await Assert.ThrowsAsync<PostgresException>(() => gate.RunAsync(
            async token =>
            {
                times++;
                await database.ExecuteAsync("SELECT 1 / 0");
                return times;
            },
            CancellationToken.None));

        Assert.Equal(1, times);
        Assert.Empty(Signals());
    }

    [Fact]
    public async Task Every_outage_is_told_once()
    {
        await using var database = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        var gate = Gate(database);

        for (var outage = 0; outage < 3; outage++)
        {
            // A lost session is the shortest outage: the server itself answers.
            var times = 0;
            await gate.RunAsync(
                async token =>
                {
                    if (times++ == 0)
                    {
                        await database.ExecuteAsync("SELECT pg_terminate_backend(pg_backend_pid())");
                    }

                    return times;
                },
                CancellationToken.None).WaitAsync(Limit);
        }

        await Eventually.TrueAsync(() => Signals().Length == 6, Limit, () => string.Join(", ", Signals()));
        Assert.Equal(["closed", "opened", "closed", "opened", "closed", "opened"], Signals());
    }

    // As one does whose disk is full: a question is answered, work is not.
    [Fact]
    public async Task A_server_that_answers_and_refuses_work_is_asked_at_leisure_and_told_of()
    {
        await using var database = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        await database.ExecuteAsync("CREATE TABLE done (worker int PRIMARY KEY, times int NOT NULL)");
        await using var operating = NpgsqlDataSource.Create(server.Postgres.ConnectionString);
        var name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database;
        await operating.ExecuteAsync($"ALTER DATABASE {name} SET default_transaction_read_only = on");
        database.Clear();
        var gate = Gate(database);
        var (refused, started) = (0, TimeProvider.System.GetTimestamp());

        var work = gate.RunAsync(
            async token =>
            {
                Interlocked.Increment(ref refused);
                return await UpsertAsync(database, worker: 1, token);
            },
            CancellationToken.None);
        await Eventually.TrueAsync(() => gate.IsRefusing, Limit, "the gate to see that it is refused again");
        await Eventually.TrueAsync(() => Volatile.Read(ref refused) >= 5, Limit, "it to be tried again and again");
        // The first follow each other soon, the others not.
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromSeconds(3), Limit);

        await operating.ExecuteAsync($"ALTER DATABASE {name} RESET default_transaction_read_only");
        database.Clear();
        Assert.Equal(1, await work.WaitAsync(Limit));
        await Eventually.TrueAsync(() => !gate.IsRefusing, Limit, "that to be over");
    }

    private DatabaseGate Gate(NpgsqlDataSource database)
    {
        var gate = new DatabaseGate(database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        gate.Closed += () => Note("closed");
        gate.Opened += () => Note("opened");
        return gate;
    }

    private void Note(string signal)
    {
        lock (_signals)
        {
            _signals.Add(signal);
        }
    }

    private string[] Signals()
    {
        lock (_signals)
        {
            return [.. _signals];
        }
    }

    private async Task<int> UpsertAsync(NpgsqlDataSource database, int worker, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("INSERT INTO done VALUES ($1, 1) ON CONFLICT (worker) DO UPDATE SET times = done.times + 1");
        command.Parameters.AddWithValue(worker);
        try
        {
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Increment(ref _ended);
        }
    }

    private async Task<int> SelectOneAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT 1");
        try
        {
            return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
        finally
        {
            Interlocked.Increment(ref _ended);
        }
    }

    /// <summary>A PostgreSQL that may be killed and keeps what it has committed.</summary>
    public sealed class OwnServer : IAsyncLifetime
    {
        private OwnedDirectory? _directory;
        private int _databases;

        public PostgresServer Postgres { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _directory = await TestDirectory.CreateOwnedAsync("database");
            Postgres = await PostgresServer.StartAsync(_directory);
        }

        public async Task<string> CreateDatabaseAsync()
        {
            // What is in the pool belongs to the server that was.
            NpgsqlConnection.ClearAllPools();
            return await Postgres.CreateDatabaseAsync($"gate_{++_databases}");
        }

        public async ValueTask DisposeAsync()
        {
            await Postgres.DisposeAsync();
            _directory?.Dispose();
        }
    }
}
