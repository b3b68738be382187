-- A partition that is made beside its table and then attached needs only a lock that lets everybody read and write. CREATE … PARTITION OF
-- locked the table against all: it waited for whoever read it for long (pg_dump, a walk through a day), and everybody else behind it.

-- Creates a day's partition of one table (events, deliveries or attempts). Safe to repeat and to race.
-- Deliveries are filled to 45 %, not 50: a changed row is a little longer than it was, and 9 % of those would not fit.
CREATE OR REPLACE FUNCTION ensure_day_partition(parent text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    child text := parent || '_' || to_char(day, 'YYYYMMDD');
BEGIN
    -- Arbitrary, but always the same: one keeper at a time is enough.
    PERFORM pg_advisory_xact_lock(x'5745424850415254'::bigint);
    IF to_regclass(child) IS NULL THEN
        -- Its indexes, and triggers for each row, come with the attaching.
        EXECUTE format(
            'CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES)%s',
            child, parent, CASE parent WHEN 'deliveries' THEN ' WITH (fillfactor = 45)' ELSE '' END);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, child, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END IF;
END $$;
