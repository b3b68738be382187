-- The events before the deliveries, in the order in which a publisher writes, or the two would wait for each other.

-- A tenant's events, newest first, and those of one correlation. Short keys: what shares a microsecond is sorted then.
CREATE INDEX events_by_tenant ON events (tenant_id, created_at);
CREATE INDEX events_by_correlation ON events (correlation_id, created_at) WHERE correlation_id IS NOT NULL;

-- A replay is a new delivery of an old event: created_at is the replay's moment, and names its partition; this is the
-- event's. Null: created_at is the event's moment too, as for every delivery that a publisher makes.
ALTER TABLE deliveries ADD COLUMN event_created_at timestamptz;
-- An event's replays. Ordinary deliveries are not in it and pay nothing for it.
CREATE INDEX deliveries_replays ON deliveries (event_created_at, created_at, id) WHERE event_created_at IS NOT NULL;

-- The intent to replay many deliveries: written by Management, carried out in chunks by the dispatcher that leads.
CREATE TABLE replays (
    id               uuid PRIMARY KEY,
    tenant_id        text,                  -- null: of all tenants
    -- Which deliveries, made before the moment of the request at the latest: it must not replay its own.
    subscription_id  uuid,
    event_id         text,
    event_moments    timestamptz[],         -- when that event was accepted; several when tenants use the same id
    event_type       text,
    statuses         text[] NOT NULL,
    since            timestamptz,           -- inclusive
    until            timestamptz NOT NULL,  -- exclusive
    -- True: what was delivered meanwhile by another replay, or is on its way in one, is left out.
    recovers         boolean NOT NULL,
    rate_per_second  double precision,      -- null: as fast as they are sent
    requested_by     text NOT NULL,
    status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'done', 'canceled', 'failed')),
    error            text,
    matched          bigint NOT NULL,       -- counted so far, ahead of the replaying; exact when done
    done             bigint NOT NULL DEFAULT 0,
    -- How far the counting and the replaying have come, and when the next one is due by the rate.
    counted          boolean NOT NULL,
    counted_moment   timestamptz,
    counted_id       uuid,
    replayed_moment  timestamptz,
    replayed_id      uuid,
    next_due_at      timestamptz,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    finished_at      timestamptz
);
-- Ids are UUIDv7: their order is the order of creation.
CREATE INDEX replays_by_tenant ON replays (tenant_id, id);
CREATE INDEX replays_unfinished ON replays (updated_at) WHERE status IN ('pending', 'running');
