using System.Net.Sockets;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Faults;

public sealed class DatabaseFaultTests
{
    [Theory]
    [InlineData("08006")] // connection failure
    [InlineData("25006")] // read-only: a standby after a failover
    [InlineData("25P03")] // our transaction stood still for too long
    [InlineData("40001")] // serialization failure
    [InlineData("40P01")] // deadlock
    [InlineData("53300")] // too many connections
    [InlineData("53100")] // disk full
    [InlineData("55P03")] // lock not available
    [InlineData("57P01")] // ended by an administrator
    [InlineData("57P03")] // starting up
    [InlineData("58030")] // I/O error
    public void A_server_that_cannot_just_now_is_our_fault(string sqlState) => Assert.True(DatabaseFault.IsOurs(Refusal(sqlState)));

    [Theory]
    [InlineData("22001")] // too long
    [InlineData("22021")] // not UTF-8
    [InlineData("22P05")] // \u0000
    [InlineData("23505")] // duplicate
    [InlineData("23514")] // check violated; also: no partition for the row
    [InlineData("XX000")] // a fault of the server's in this one statement
    [InlineData("42P01")] // no such table
    public void A_server_that_will_refuse_again_is_not(string sqlState) => Assert.False(DatabaseFault.IsOurs(Refusal(sqlState)));

    [Theory]
    [InlineData("28P01")] // wrong password: of nobody's event, and mended without it
    [InlineData("3D000")] // no such database, yet
    [InlineData("XX000")] // no room to write down its catalog
    [InlineData("25P04")] // our transaction took too long, says PostgreSQL 17
    public void A_server_that_ends_the_session_has_judged_no_statement(string sqlState)
    {
        Assert.True(DatabaseFault.IsOurs(Refusal(sqlState, "FATAL")));
        Assert.True(DatabaseFault.IsOurs(Refusal(sqlState, "PANIC")));
    }

    [Fact]
    public void A_broken_or_silent_connection_is_our_fault()
    {
        Assert.True(DatabaseFault.IsOurs(new NpgsqlException("Exception while reading from stream", new IOException())));
        Assert.True(DatabaseFault.IsOurs(new SocketException((int)SocketError.ConnectionRefused)));
        Assert.True(DatabaseFault.IsOurs(new TimeoutException()));
        Assert.True(DatabaseFault.IsOurs(new InvalidOperationException("While doing something", new EndOfStreamException())));
    }

    [Fact]
    public void Our_own_mistakes_and_ends_are_not()
    {
        Assert.False(DatabaseFault.IsOurs(new InvalidOperationException("No row")));
        Assert.False(DatabaseFault.IsOurs(new InvalidCastException()));
        Assert.False(DatabaseFault.IsOurs(new OperationCanceledException()));
    }

    [Fact]
    public async Task Nobody_at_the_port_is_our_fault()
    {
        await using var database = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Database=none");

        Assert.True(DatabaseFault.IsOurs(await FaultAsync(database, "SELECT 1")));
    }

    [Fact]
    public async Task A_refused_login_is_our_fault()
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(await TestDatabase.CreateAsync()) { Database = "nowhere" }.ConnectionString);

        var fault = await FaultAsync(database, "SELECT 1");

        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, Assert.IsType<PostgresException>(fault).SqlState);
        Assert.True(DatabaseFault.IsOurs(fault));
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_our_fault()
    {
        await using var database = NpgsqlDataSource.Create(await TestDatabase.CreateAsync() + ";Command Timeout=1");

        Assert.True(DatabaseFault.IsOurs(await FaultAsync(database, "SELECT pg_sleep(60)")));
    }

    [Fact]
    public async Task An_ended_session_is_our_fault()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();

        Assert.True(DatabaseFault.IsOurs(await FaultAsync(database, "SELECT pg_terminate_backend(pg_backend_pid())")));
    }

    [Theory]
    [InlineData("SELECT E'\\u0000'")]
    [InlineData("SELECT 1 / 0")]
    [InlineData("SELECT FROM nothing")]
    public async Task A_statement_that_cannot_succeed_is_not(string sql)
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();

        Assert.False(DatabaseFault.IsOurs(await FaultAsync(database, sql)));
    }

    [Theory]
    [InlineData("SELECT 1 FROM nowhere")]
    [InlineData("SELECT nothing FROM events")]
    [InlineData("SELECT 1 FROM other.events")]
    [InlineData("INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, data) VALUES ('1999-01-01', 't', 'e', 'a.b', now(), '1.0', '{}')")] // no partition
    public async Task What_no_data_would_have_passed_is_the_schemas_fault(string sql)
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();

        Assert.True(DatabaseFault.IsOfTheSchema(await FaultAsync(database, sql)));
    }

    [Theory]
    [InlineData("SELECT 1 / 0")]
    [InlineData("INSERT INTO checked VALUES (-1)")]
    [InlineData("INSERT INTO checked VALUES (NULL)")]
    [InlineData("INSERT INTO checked VALUES (1), (1)")]
    [InlineData("SELECT pg_terminate_backend(pg_backend_pid())")]
    public async Task What_other_data_would_have_passed_is_not(string sql)
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await database.ExecuteAsync("CREATE TABLE checked (number int PRIMARY KEY CHECK (number > 0))");

        Assert.False(DatabaseFault.IsOfTheSchema(await FaultAsync(database, sql)));
    }

    [Theory]
    [InlineData("42501")] // a right that was revoked
    [InlineData("0A000")] // a plan that is out of date
    public void Nor_can_data_help_what_is_refused(string sqlState) => Assert.True(DatabaseFault.IsOfTheSchema(Refusal(sqlState)));

    [Fact]
    public void A_damaged_page_hits_who_touches_it() => Assert.False(DatabaseFault.IsOfTheSchema(Refusal("XX001")));

    [Fact]
    public async Task A_log_names_the_server_and_what_it_did_in_plain_words()
    {
        await using var nobody = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Database=none");
        Assert.Equal("PostgreSQL at 127.0.0.1:1 cannot be reached (Connection refused)", DatabaseFault.Describe(await FaultAsync(nobody, "SELECT 1"), nobody));

        var connection = await TestDatabase.CreateAsync();
        await using var impatient = NpgsqlDataSource.Create(connection + ";Command Timeout=1");
        await using var database = NpgsqlDataSource.Create(connection);
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var name = $"PostgreSQL at {server.Host}:{server.Port}";
        Assert.Equal($"{name} does not answer in time", DatabaseFault.Describe(await FaultAsync(impatient, "SELECT pg_sleep(60)"), impatient));
        Assert.Equal(
            $"{name} refused: terminating connection due to administrator command (57P01)",
            DatabaseFault.Describe(await FaultAsync(database, "SELECT pg_terminate_backend(pg_backend_pid())"), database));
        foreach (var code in (string[])["57P05", "25P03"])
        {
            Assert.Equal(
                $"{name} has ended a session that had said nothing for seconds: this process stood still (decision 0031)",
                DatabaseFault.Describe(Refusal(code, "FATAL"), database));
        }

        Assert.Equal($"{name} closed the connection", DatabaseFault.Describe(new NpgsqlException("Exception while reading from stream", new EndOfStreamException()), database));
        Assert.Equal(
            $"{name} closed the connection",
            DatabaseFault.Describe(new NpgsqlException("Exception while reading from stream", new IOException("Unable", new SocketException((int)SocketError.ConnectionReset))), database));
        Assert.Equal(
            $"{name} cannot be reached (Connection refused)",
            DatabaseFault.Describe(new NpgsqlException("Unable to connect", new AggregateException(new NpgsqlException("Failed", new SocketException((int)SocketError.ConnectionRefused)))), database));
        Assert.Equal($"{name} does not answer (No connection is free)", DatabaseFault.Describe(new NpgsqlException("No connection is free"), database));
    }

    // The first is in the language of the server.
    private static PostgresException Refusal(string sqlState, string severity = "ERROR") => new("no", "FEHLER", severity, sqlState);

    private static Task<Exception> FaultAsync(NpgsqlDataSource database, string sql) =>
        Assert.ThrowsAnyAsync<Exception>(() => database.ExecuteAsync(sql));
}
