using Npgsql;

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

        parameters.Add(new NpgsqlParameter<TColumn[]> { TypedValue = values });
    }
}
