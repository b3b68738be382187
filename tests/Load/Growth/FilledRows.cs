namespace Webhooks.Load.Growth;

/// <summary>The SQL that makes up deliveries that have ended, each with an attempt.</summary>
internal static class FilledRows
{
    /// <summary>$1: how many; $2: the tenant of half of them.</summary>
    public const string Insert = """
        WITH made AS (
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status, last_attempt, finished_at)
            SELECT created_at, gen_random_uuid(), CASE number % 2 WHEN 0 THEN $2 ELSE 'tenant_' || number % 100 END,
                   'evt_made_' || number, 'load.event', md5((number % 1000)::text)::uuid, 1, 'delivered', 1, created_at + interval '20 milliseconds'
            FROM (SELECT number, greatest(date_trunc('day', now(), 'UTC'), now() - interval '1 hour') + random() * interval '10 milliseconds' + number * interval '1 microsecond' AS created_at
                  FROM generate_series(1, $1) AS number) AS event
            RETURNING created_at, id)
        INSERT INTO attempts (created_at, delivery_id, number, started_at, duration_ms, outcome, status_code, request_url, request_headers, response_headers, response_body)
        SELECT created_at, id, 1, created_at, 20, 'succeeded', 200, 'https://hooks.example.com/receive/' || id,
               E'Content-Type: application/json\nUser-Agent: Webhooks/1.0\nX-Matcher-Timestamp: 1705746600\nX-Matcher-Signature: sha256=' || repeat('0', 64) || E'\n',
               E'Content-Length: 2\nDate: Sat, 20 Jan 2024 10:30:00 GMT\n', 'ok'::bytea
        FROM made
        """;
}
