using Npgsql;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Dispatcher.Deliveries.Reading;

/// <summary>Reads the events of the deliveries that are looked at together, each once.</summary>
/// <param name="inHand">Those that deliveries looked at before have.</param>
internal sealed class EventRows(EventsInHand inHand)
{
    // By the moment alone, because it is enough to tell nearly all events apart; which one it is, is looked at.
    private readonly Dictionary<DateTimeOffset, AcceptedEvent> _read = [];

    /// <param name="row">With the event's columns, all null if there is no row of it.</param>
    /// <param name="key">The event's.</param>
    /// <param name="type">The event's.</param>
    /// <param name="at">The first column of the event's own.</param>
    public AcceptedEvent Read(NpgsqlDataReader row, EventKey key, string type, int at)
    {
        if (_read.TryGetValue(key.CreatedAt, out var same) && same.TenantId == key.TenantId && same.Id == key.EventId)
        {
            return same;
        }

        if (row.IsDBNull(at))
        {
            // A replay's, until it is looked for; one that is not kept any more: only what the delivery repeats of it.
            return new AcceptedEvent { TenantId = key.TenantId, Id = key.EventId, Type = type, Timestamp = null, Version = "", Data = default };
        }

        if (inHand.Find(key) is not { } read)
        {
            inHand.Add(key, read = ReadAll(row, key, type, at));
        }

        return _read[key.CreatedAt] = read;
    }

    private static AcceptedEvent ReadAll(NpgsqlDataReader row, EventKey key, string type, int at) => new()
    {
        TenantId = key.TenantId,
        Id = key.EventId,
        Type = type,
        Timestamp = row.GetString(at),
        Version = row.GetString(at + 1),
        ContextId = row.IsDBNull(at + 2) ? null : row.GetString(at + 2),
        Data = row.GetFieldValue<byte[]>(at + 3),
        Metadata = row.IsDBNull(at + 4) ? null : (ReadOnlyMemory<byte>?)row.GetFieldValue<byte[]>(at + 4),
        CorrelationId = row.IsDBNull(at + 5) ? null : row.GetString(at + 5),
        Traceparent = row.IsDBNull(at + 6) ? null : row.GetString(at + 6),
    };
}
