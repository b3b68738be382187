using System.Text;
using System.Text.Json;
using Npgsql;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Json;
using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Ordering;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Ordering;

/// <summary>Ordered subscriptions, what a publisher leaves in their lanes, and what came of it at the receiver.</summary>
internal static class Ordered
{
    private static readonly OrderingKey Key = OrderingKey.Parse("/data/id");

    public static Task<Subscription> SubscribeInOrderAsync(this World world, string url, CustomRetry? retry = null, int? maxInFlight = null) =>
        world.SubscribeAsync(Surroundings.SettingsFor(url, "*") with { Retry = retry, OrderingKey = Key, MaxInFlight = maxInFlight });

    /// <summary>
    /// Events evt_1, evt_2 … of these keys, accepted in this order, and their deliveries in the subscription's lane. Null: an
    /// event without a key.
    /// </summary>
    public static async Task AcceptInLaneAsync(this World world, Subscription subscription, IReadOnlyList<string?> keys)
    {
        await using var insert = world.Database.CreateCommand(
            $"""
            WITH given AS (
                SELECT now() + place * interval '1 microsecond' AS created_at, data, key, first + place AS number
                FROM (SELECT count(*) AS first FROM deliveries) AS before, unnest($2::bytea[], $3::bigint[]) WITH ORDINALITY AS event (data, key, place)
            ), event AS (
                INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, data)
                SELECT created_at, $1, 'evt_' || number, 'a.b', $4, '1.0', data FROM given
            ), told AS (SELECT pg_notify('{LaneStatements.Channel}', $7))
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, lane_due_at, ordering_key)
            SELECT created_at, gen_random_uuid(), $1, 'evt_' || number, 'a.b', $5, $6, created_at, key FROM given, told ORDER BY created_at
            """);
        var data = keys.Select(key => JsonSerializer.Serialize(new { id = key })).ToList();
        object[] values =
        [
            subscription.TenantId, data.Select(Encoding.UTF8.GetBytes).ToArray(), data.Select(KeyOf).ToArray(), TestEvent.Timestamp,
            subscription.Id, subscription.Revision, subscription.Id.ToString("N"),
        ];
        insert.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        await insert.ExecuteNonQueryAsync();
    }

    public static string KeyOf(ReceivedRequest request) => request.Json().GetProperty("data").GetProperty("id").GetString()!;

    /// <summary>The place of the event in the order of acceptance, over all keys.</summary>
    public static int NumberOf(ReceivedRequest request) => int.Parse(TestEvent.IdOf(request)["evt_".Length..], System.Globalization.CultureInfo.InvariantCulture);

    private static JsonElement Json(this ReceivedRequest request) => JsonElement.Parse(request.Body);

    private static long? KeyOf(string data)
    {
        using var document = JsonDocument.Parse($$"""{"data":{{data}}}""");
        return Key.Of(new JsonPlace(document.RootElement));
    }
}
