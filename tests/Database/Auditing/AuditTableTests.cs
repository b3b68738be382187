using System.Text.Json.Nodes;
using Npgsql;
using Webhooks.Database.Auditing;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Auditing;

public sealed class AuditTableTests : IAsyncLifetime
{
    private static readonly Actor By = new("tok_1", "ci", "192.0.2.7");

    private NpgsqlDataSource _database = null!;

    public async ValueTask InitializeAsync() => _database = await MigratedDatabase.CreateAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData("UPDATE audit SET actor = 'somebody else' WHERE subject = $1")]
    [InlineData("UPDATE audit SET actor = 'somebody else' WHERE subject = $1 AND false")]
    [InlineData("INSERT INTO audit SELECT * FROM audit WHERE subject = $1 ON CONFLICT (id) DO UPDATE SET actor = 'somebody else'")]
    [InlineData("DELETE FROM audit WHERE subject = $1")]
    [InlineData("MERGE INTO audit USING (SELECT $1::text) AS given (subject) ON audit.subject = given.subject WHEN MATCHED THEN DELETE")]
    [InlineData("WITH gone AS (DELETE FROM audit WHERE subject = $1 RETURNING 1) SELECT count(*) FROM gone")]
    public async Task What_is_written_can_be_neither_changed_nor_deleted(string statement)
    {
        var subject = await AppendAsync();

        var refused = await Assert.ThrowsAsync<PostgresException>(() => _database.ExecuteAsync(statement, subject));

        Assert.Contains("only appended to", refused.MessageText, StringComparison.Ordinal);
        Assert.Equal(["tok_1"], await _database.ColumnAsync<string>("SELECT actor FROM audit WHERE subject = $1", subject));
    }

    [Fact]
    public async Task It_cannot_be_emptied_also_where_triggers_are_switched_off()
    {
        var subject = await AppendAsync();

        await Assert.ThrowsAsync<PostgresException>(() => _database.ExecuteAsync("TRUNCATE audit"));
        await using (var connection = await _database.OpenConnectionAsync())
        {
            await using var off = new NpgsqlCommand("SET session_replication_role = replica", connection);
            await off.ExecuteNonQueryAsync();
            await using var truncate = new NpgsqlCommand("TRUNCATE audit", connection);
            await Assert.ThrowsAsync<PostgresException>(() => truncate.ExecuteNonQueryAsync());
        }

        Assert.Equal(1L, await _database.ScalarAsync<long>("SELECT count(*) FROM audit WHERE subject = $1", subject));
    }

    [Fact]
    public async Task A_row_says_who_did_what_to_whom_and_when()
    {
        var subject = await AppendAsync();

        Assert.Equal(
            """t|tok_1|ci|subscription.updated|{"text":"Größe <&>","n":1.0}|192.0.2.7""",
            await _database.ScalarAsync<string>(
                "SELECT concat_ws('|', tenant_id, actor, actor_name, action, details, remote_address) FROM audit WHERE subject = $1 AND created_at BETWEEN now() - interval '1 minute' AND clock_timestamp()", subject));
    }

    [Fact]
    public async Task A_row_whose_transaction_fails_is_not_there()
    {
        var subject = $"sub_{Guid.NewGuid():N}";
        await using (var connection = await _database.OpenConnectionAsync())
        await using (await connection.BeginTransactionAsync())
        {
            await AuditInsert.ExecuteAsync(connection, By.Did(AuditAction.SubscriptionUpdated, "t", subject), CancellationToken.None);
        }

        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM audit WHERE subject = $1", subject));
    }

    private async Task<string> AppendAsync()
    {
        var subject = $"sub_{Guid.NewGuid():N}";
        await using var connection = await _database.OpenConnectionAsync();
        await AuditInsert.ExecuteAsync(
            connection, By.Did(AuditAction.SubscriptionUpdated, "t", subject, (JsonObject)JsonNode.Parse("""{"text":"Größe <&>","n":1.0}""")!), CancellationToken.None);
        return subject;
    }
}
