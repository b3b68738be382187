using Npgsql;
using Webhooks.Database;

namespace Webhooks.Dispatcher.Owed;

/// <summary>What a dispatcher notes of a queue.</summary>
/// <param name="Mark">All that came to the queue before this moment was taken from it, and is not in hand any more.</param>
/// <param name="IsFresh">Since the last note a message was taken that nobody had held, or the queue was empty.</param>
internal readonly record struct MarkNote(string Queue, DateTimeOffset Mark, bool IsFresh);

/// <summary>The SQL of how far queues are consumed.</summary>
internal sealed class MarkStore(NpgsqlDataSource database)
{
    private const string Note = """
        INSERT INTO queue_marks (queue, dispatcher, mark, noted_at, fresh_at)
        SELECT queue, $4, mark, now(), CASE WHEN is_fresh THEN now() END
        FROM unnest($1::text[], $2::timestamptz[], $3::boolean[]) AS note (queue, mark, is_fresh)
        ORDER BY queue
        ON CONFLICT (queue, dispatcher) DO UPDATE
        SET mark = excluded.mark, noted_at = excluded.noted_at, fresh_at = coalesce(excluded.fresh_at, queue_marks.fresh_at)
        """;

    private const string Select = "SELECT queue, mark, now() - noted_at, now() - fresh_at FROM queue_marks";

    // Of dispatchers that are long gone.
    private const string DeleteOld = "DELETE FROM queue_marks WHERE noted_at < now() - interval '1 day'";

    public async Task NoteAsync(Guid dispatcher, IReadOnlyList<MarkNote> notes, CancellationToken cancellationToken)
    {
        if (notes.Count == 0)
        {
            return;
        }

        await using var command = database.CreateCommand(Note);
        var columns = new Columns<MarkNote>(command.Parameters, notes);
        columns.Add(note => note.Queue);
        columns.Add(note => note.Mark.UtcDateTime);
        columns.Add(note => note.IsFresh);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dispatcher });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<NotedMark>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var notes = new List<NotedMark>();
        while (await row.ReadAsync(cancellationToken))
        {
            notes.Add(new NotedMark(
                row.GetString(0), row.GetFieldValue<DateTimeOffset>(1), row.GetFieldValue<TimeSpan>(2), row.IsDBNull(3) ? null : row.GetFieldValue<TimeSpan>(3)));
        }

        return notes;
    }

    public async Task DeleteOldAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(DeleteOld);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
