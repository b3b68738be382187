using Npgsql;

namespace Webhooks.TestKit.Faults;

/// <summary>A database that answers, and refuses one kind of write as one whose disk is full does.</summary>
public sealed class RefusedWrites
{
    private readonly NpgsqlDataSource _database;
    private readonly string _table;

    private RefusedWrites(NpgsqlDataSource database, string table) => (_database, _table) = (database, table);

    /// <param name="database">Whose.</param>
    /// <param name="write">"UPDATE".</param>
    /// <param name="table">Of which table.</param>
    public static async Task<RefusedWrites> BeginAsync(NpgsqlDataSource database, string write, string table)
    {
        await database.ExecuteAsync(
            $"""
            CREATE SEQUENCE refused;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM nextval('refused');
                RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
            END $$;
            CREATE TRIGGER refuse BEFORE {write} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse();
            """);
        return new RefusedWrites(database, table);
    }

    /// <summary>Waits until so many were refused; a sequence keeps its count when the transaction is rolled back.</summary>
    public Task HaveBeenAsync(int count, TimeSpan limit) => Eventually.TrueAsync(
        async () => await _database.ScalarAsync<long>("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM refused") >= count,
        limit, $"{count} writes to be refused");

    public Task EndAsync() => _database.ExecuteAsync($"DROP TRIGGER refuse ON {_table}");
}
