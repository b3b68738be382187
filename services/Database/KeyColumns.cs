using Npgsql;
using Webhooks.Database.Deliveries;

namespace Webhooks.Database;

/// <summary>
/// The parameters of a statement that changes many deliveries, which finds them by <see cref="KeyLookup"/>: their keys as arrays (<c>$1</c>,
/// <c>$2</c>), the first and the last one's time (<c>$3</c>, <c>$4</c>), and what else is added.
/// </summary>
public static class KeyColumns
{
    /// <param name="parameters">The statement's, none so far.</param>
    /// <param name="rows">One at least, in any order.</param>
    /// <param name="key">A row's.</param>
    /// <returns>Adds one array more for each column, from <c>$5</c> on.</returns>
    public static Columns<TRow> Add<TRow>(NpgsqlParameterCollection parameters, IEnumerable<TRow> rows, Func<TRow, DeliveryKey> key)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(key);

        // In the order of their keys, as in every change of many rows: unsorted ones deadlock.
        var sorted = rows.OrderBy(row => key(row).CreatedAt).ThenBy(row => key(row).Id).ToList();
        var columns = new Columns<TRow>(parameters, sorted);
        columns.Add(row => key(row).CreatedAt.UtcDateTime);
        columns.Add(row => key(row).Id);
        parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = key(sorted[0]).CreatedAt.UtcDateTime });
        parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = key(sorted[^1]).CreatedAt.UtcDateTime });
        return columns;
    }
}
