-- How much was ever accepted, matched and ended, by tenant; exact, because each change is counted in its own transaction, and
-- by whoever makes it, because triggers count. What a statement changed is appended, never added to a row that others write,
-- too: nobody waits, nobody deadlocks. The dispatchers' leader folds what was appended into one row a tenant; who reads adds
-- up both in one statement. Why it is so: services/decisions/0007-what-is-counted-and-how.md.

-- Tenant '': messages that were parked and named no readable tenant. How many are pending is what is left of the matched.
CREATE TABLE accounting_totals (
    tenant_id text PRIMARY KEY,
    accepted  bigint NOT NULL,
    matched   bigint NOT NULL,
    delivered bigint NOT NULL,
    failed    bigint NOT NULL,
    exhausted bigint NOT NULL,
    canceled  bigint NOT NULL,
    parked    bigint NOT NULL
) WITH (fillfactor = 50);   -- changed every second: room for the next version on the same page

-- No key and no index: rows are only appended, and read and deleted all together.
CREATE TABLE accounting_deltas (
    tenant_id text NOT NULL,
    accepted  integer NOT NULL DEFAULT 0,
    matched   integer NOT NULL DEFAULT 0,
    delivered integer NOT NULL DEFAULT 0,
    failed    integer NOT NULL DEFAULT 0,
    exhausted integer NOT NULL DEFAULT 0,
    canceled  integer NOT NULL DEFAULT 0,
    parked    integer NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_threshold = -1);

-- An accepted event is counted by its key: as many as there are events, and without their bodies, which a trigger on the
-- events would have to set aside a second time.
CREATE FUNCTION count_accepted_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounting_deltas (tenant_id, accepted)
    SELECT tenant_id, count(*) FROM inserted GROUP BY tenant_id;
    RETURN NULL;
END $$;

CREATE FUNCTION count_matched_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounting_deltas (tenant_id, matched, delivered, failed, exhausted, canceled)
    SELECT tenant_id, count(*),
           count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status = 'failed'),
           count(*) FILTER (WHERE status = 'exhausted'), count(*) FILTER (WHERE status = 'canceled')
    FROM inserted GROUP BY tenant_id;
    RETURN NULL;
END $$;

-- What is there after the statement less what was there before it: no row need be paired with its former self, and a
-- canceled delivery that turns out delivered moves from one count to the other.
CREATE FUNCTION count_ended_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounting_deltas (tenant_id, delivered, failed, exhausted, canceled)
    SELECT tenant_id, delivered, failed, exhausted, canceled FROM (
        SELECT tenant_id,
               coalesce(sum(change) FILTER (WHERE status = 'delivered'), 0) AS delivered,
               coalesce(sum(change) FILTER (WHERE status = 'failed'), 0) AS failed,
               coalesce(sum(change) FILTER (WHERE status = 'exhausted'), 0) AS exhausted,
               coalesce(sum(change) FILTER (WHERE status = 'canceled'), 0) AS canceled
        FROM (SELECT tenant_id, status, 1 AS change FROM after UNION ALL SELECT tenant_id, status, -1 FROM before) AS changes
        -- Most changes of pending deliveries leave them pending.
        WHERE status <> 'pending'
        GROUP BY tenant_id) AS summed
    WHERE (delivered, failed, exhausted, canceled) <> (0, 0, 0, 0);
    RETURN NULL;
END $$;

-- In the order in which a publisher writes, or the two would wait for each other. From here to the end of the migration
-- nobody else inserts or changes: what is there is counted once, here, and everything later by the triggers.
LOCK TABLE event_keys, deliveries IN SHARE ROW EXCLUSIVE MODE;

CREATE TRIGGER accounting AFTER INSERT ON event_keys
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION count_accepted_events();
-- On the partitioned table itself: it sees what a statement did in any partition, those that are created later included.
CREATE TRIGGER accounting_insert AFTER INSERT ON deliveries
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION count_matched_deliveries();
CREATE TRIGGER accounting_update AFTER UPDATE ON deliveries
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION count_ended_deliveries();

INSERT INTO accounting_totals (tenant_id, accepted, matched, delivered, failed, exhausted, canceled, parked)
SELECT tenant_id, sum(accepted), sum(matched), sum(delivered), sum(failed), sum(exhausted), sum(canceled), 0 FROM (
    SELECT tenant_id, count(*) AS accepted, 0 AS matched, 0 AS delivered, 0 AS failed, 0 AS exhausted, 0 AS canceled
    FROM event_keys GROUP BY tenant_id
    UNION ALL
    SELECT tenant_id, 0, count(*), count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status = 'failed'),
           count(*) FILTER (WHERE status = 'exhausted'), count(*) FILTER (WHERE status = 'canceled')
    FROM deliveries GROUP BY tenant_id) AS present
GROUP BY tenant_id;
