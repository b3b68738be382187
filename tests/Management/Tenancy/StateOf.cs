using Npgsql;

namespace Webhooks.Management.Tests.Tenancy;

/// <summary>Everything in the database that has to do with a tenant or its things, whatever table it stands in.</summary>
internal static class StateOf
{
    /// <param name="database">The service's.</param>
    /// <param name="words">The tenant's id and those of its things; ids without their prefixes.</param>
    public static async Task<IReadOnlyList<string>> ReadAsync(NpgsqlDataSource database, IReadOnlyList<string> words)
    {
        var rows = new List<string>();
        foreach (var table in await TablesAsync(database))
        {
            await using var command = database.CreateCommand(
                $"SELECT '{table} ' || to_jsonb(t)::text FROM {table} t WHERE replace(to_jsonb(t)::text, '-', '') LIKE ANY ($1) ORDER BY 1");
            command.Parameters.Add(new() { Value = words.Select(word => $"%{word.Replace("-", "", StringComparison.Ordinal)}%").ToArray() });
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync())
            {
                rows.Add(row.GetString(0));
            }
        }

        return rows;
    }

    // Partitions are read through the table that they are part of.
    private static async Task<IReadOnlyList<string>> TablesAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1");
        await using var row = await command.ExecuteReaderAsync();
        var tables = new List<string>();
        while (await row.ReadAsync())
        {
            tables.Add(row.GetString(0));
        }

        return tables;
    }
}
