using Npgsql;
using NpgsqlTypes;

namespace Webhooks.Database;

/// <summary>Turns rows into one array parameter a column, for <c>unnest</c>: one statement, planned once, whatever the number of rows.</summary>
public readonly struct Columns<TRow>(NpgsqlParameterCollection parameters, IReadOnlyList<TRow> rows)
{
    /// <summary>Adds the next parameter.</summary>
    public void Add<TColumn>(Func<TRow, TColumn> column)
    {
        var values = new TColumn[rows.Count];
        for (var row = 0; row < values.Length; row++)
        {
            values[row] = column(rows[row]);
        }

        var parameter = new NpgsqlParameter<TColumn[]> { TypedValue = values };
        if (typeof(TColumn) == typeof(DateTime) || typeof(TColumn) == typeof(DateTime?))
        {
            // Inferred from the first value, which may be null, this would be a timestamp without time zone.
            parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
        }

        parameters.Add(parameter);
    }
}
