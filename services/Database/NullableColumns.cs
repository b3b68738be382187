using Npgsql;
using NpgsqlTypes;

namespace Webhooks.Database;

/// <summary>Columns that may hold nothing, read and written.</summary>
public static class NullableColumns
{
    public static string? TextOrNull(this NpgsqlDataReader row, int column)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.IsDBNull(column) ? null : row.GetString(column);
    }

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
    }

    /// <summary>A parameter whose type is said, because null tells none.</summary>
    public static NpgsqlParameter Parameter(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
