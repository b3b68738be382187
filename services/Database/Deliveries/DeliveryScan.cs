using Npgsql;

namespace Webhooks.Database.Deliveries;

/// <summary>
/// The SQL that walks through deliveries in the order of time, by the index that fits: an event's, a subscription's, a
/// tenant's or everybody's rows. Every condition in here is one of an index, so that the limit bounds what is looked at;
/// whatever else is asked of a delivery is asked of what was scanned.
/// </summary>
public static class DeliveryScan
{
    /// <summary>
    /// Goes before a scan in its transaction. Left alone, the planner may read all rows of all days and sort them, when it
    /// believes they are few. With these off it walks the partitions in order, each by its index, and stops at the limit.
    /// </summary>
    public const string InOrder = """
        SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
               set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
        """;

    /// <summary>Newest first.</summary>
    public const string Backward = "created_at DESC, id DESC";

    /// <summary>Oldest first.</summary>
    public const string Forward = "created_at, id";

    /// <summary>A table expression of whole rows, to stand behind FROM, in the order given.</summary>
    /// <param name="parameters">Gets the values.</param>
    /// <param name="selection">Which ones.</param>
    /// <param name="after">The last one that was looked at before; null: from the beginning.</param>
    /// <param name="order"><see cref="Backward"/> or <see cref="Forward"/>.</param>
    /// <param name="limit">How many rows are looked at.</param>
    public static string Of(NpgsqlParameterCollection parameters, DeliverySelection selection, DeliveryKey? after, string order, int limit)
    {
        ArgumentNullException.ThrowIfNull(selection);
        if (selection.EventMoments is not { } moments)
        {
            return Rows(Remaining(parameters, selection, after, order));
        }

        var times = moments.Select(moment => moment.UtcDateTime).ToArray();
        var originals = Remaining(parameters, selection, after, order);
        originals.Add("created_at = ANY ", (object)times);
        originals.Add("event_id = ", selection.EventId);

        // Its replays lie in partitions of their own, all younger than the event.
        var replays = Remaining(parameters, selection, after, order);
        if (times is [var only])
        {
            // One value, so that the index is known to be in order.
            replays.Add("event_created_at = ", only);
        }
        else
        {
            replays.Add("event_created_at = ANY ", (object)times);
        }

        replays.Add("event_id = ", selection.EventId);
        replays.Add("created_at > ", times is [] ? null : times.Min());
        return $"(SELECT * FROM ({Rows(originals)} UNION ALL {Rows(replays)}) AS of_event ORDER BY {order} LIMIT {limit})";

        string Rows(Conditions conditions) => $"(SELECT * FROM deliveries {conditions.Where} ORDER BY {order} LIMIT {limit})";
    }

    private static Conditions Remaining(NpgsqlParameterCollection parameters, DeliverySelection selection, DeliveryKey? after, string order)
    {
        var conditions = new Conditions(parameters);
        conditions.Add("subscription_id = ", selection.SubscriptionId);
        conditions.Add("tenant_id = ", selection.TenantId);
        conditions.Add("created_at >= ", selection.Since);
        conditions.Add("created_at < ", selection.Until);
        // The first says again what the second implies: only the first tells which partitions need not be looked at.
        var beyond = order == Backward ? '<' : '>';
        conditions.Add($"created_at {beyond}= ", after?.CreatedAt);
        conditions.Add($"(created_at, id) {beyond} ", after?.CreatedAt, after?.Id);
        return conditions;
    }
}
