using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Database.Tests.Faults;

/// <summary>Npgsql opens it once more by itself. What 10.0.0 made then failed in every transaction, and stayed in the pool (npgsql 6506).</summary>
public sealed class When_a_connection_breaks_while_it_is_opened
{
    [Theory]
    [InlineData("")]
    [InlineData("GSS Encryption Mode=Disable;SSL Mode=Prefer")]
    [InlineData("GSS Encryption Mode=Disable;SSL Mode=Disable")]
    public async Task Should_do_the_work_on_another_one(string configured)
    {
        var server = new NpgsqlConnectionStringBuilder(await TestDatabase.CreateAsync());
        await using var relay = new TcpRelay(server.Host!, server.Port);
        server.Port = relay.Port;
        await using var database = NpgsqlDataSource.Create(ConnectionSettings.Of($"{server.ConnectionString};{configured}", onlyKeyLookups: false));
        using var gate = new DatabaseGate(database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);

        relay.LoseAnswers();
        var working = gate.RunAsync(token => SelectOneAsync(database, token), CancellationToken.None);
        await relay.HoldsAsync();
        relay.Restore();

        Assert.Equal(1, await working.WaitAsync(TimeSpan.FromMinutes(2)));
    }

    private static async Task<int> SelectOneAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        var one = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        await transaction.CommitAsync(cancellationToken);
        return one;
    }
}
