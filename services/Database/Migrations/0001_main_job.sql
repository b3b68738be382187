-- Everything the main job needs. PostgreSQL is the truth, the broker is only the schedule.
-- Who writes what: services/Database/README.md.

-- Numbers shared by the whole fleet. One row each, changed rarely: config_version moves with every
-- change of configuration and tells every cache to reload; shards only grows.
CREATE TABLE settings (
    name  text PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO settings (name, value) VALUES ('config_version', 1), ('shards', 1);

-- Identity, state and intents of a subscription. What it wants stands in its revisions.
CREATE TABLE subscriptions (
    id             uuid PRIMARY KEY,
    tenant_id      text NOT NULL,
    state          text NOT NULL CHECK (state IN ('active', 'disabled')),
    disabled_reason text,                   -- why the system disabled it; null when a person did
    revision       integer NOT NULL,
    -- Intent written by Management, carried out by the dispatcher: deliveries accepted up to this moment are canceled.
    cancel_before  timestamptz,
    -- How far that intent has been carried out.
    canceled_until timestamptz,
    -- The config_version of the last change: caches reload rows above their own.
    config_version bigint NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    deleted_at     timestamptz
);
CREATE INDEX subscriptions_by_config_version ON subscriptions (config_version);
-- Ids are UUIDv7: their order is the order of creation.
CREATE INDEX subscriptions_by_tenant ON subscriptions (tenant_id, id) WHERE deleted_at IS NULL;
CREATE INDEX subscriptions_to_cancel ON subscriptions (id)
    WHERE cancel_before IS NOT NULL AND canceled_until IS DISTINCT FROM cancel_before;

-- Immutable. A delivery is pinned to one for its body, profile and headers; URL, retry and limits are read from the current one.
CREATE TABLE subscription_revisions (
    subscription_id uuid NOT NULL REFERENCES subscriptions (id),
    revision        integer NOT NULL,
    url             text NOT NULL,
    event_types     text[] NOT NULL,
    profile         text NOT NULL,
    description     text,
    retry           jsonb,              -- null: the default schedule
    retry_on        text CHECK (retry_on IN ('server_errors', 'any_failure')),  -- null: the profile's rule
    timeout_seconds double precision,   -- null: the profile's deadline
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (subscription_id, revision)
);

CREATE TABLE subscription_secrets (
    subscription_id uuid NOT NULL REFERENCES subscriptions (id),
    number          integer NOT NULL,   -- the highest signs
    key_id          text NOT NULL,      -- which configured key encrypted it
    ciphertext      bytea NOT NULL,     -- AES-GCM: nonce, tag, text
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (subscription_id, number)
);

CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY,
    tenant_id    text,                  -- null: all tenants
    name         text NOT NULL,
    scopes       text[] NOT NULL,
    hash         bytea NOT NULL UNIQUE, -- SHA-256 of the token, which itself is never stored
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz
);

-- One row per accepted event, beside the partitions so that (tenant, id) is unique over all days.
CREATE TABLE event_keys (
    tenant_id  text NOT NULL,
    event_id   text NOT NULL,
    created_at timestamptz NOT NULL,    -- names the event's row and its deliveries' rows
    PRIMARY KEY (event_id, tenant_id)   -- in this order it also serves an administrator, who asks without a tenant
);

-- created_at is the moment of acceptance, a different microsecond for each event of a publisher,
-- so that it finds the event's deliveries through their primary key without another index.
CREATE TABLE events (
    created_at     timestamptz NOT NULL,
    tenant_id      text NOT NULL,
    event_id       text NOT NULL,
    type           text NOT NULL,
    occurred_at    text NOT NULL,       -- the event's timestamp as its publisher spelled it
    version        text NOT NULL,
    context_id     text,
    data           bytea NOT NULL,      -- minified JSON; bytes, because jsonb rewrites numbers and refuses \u0000
    metadata       bytea,
    correlation_id text,
    traceparent    text,
    PRIMARY KEY (created_at, tenant_id, event_id)
) PARTITION BY RANGE (created_at);

CREATE SEQUENCE delivery_seq;

-- status changes once or twice within milliseconds of the insert. No index covers a column that such a change
-- touches, and the pages keep room, so those updates stay on their page (HOT) and touch no index.
CREATE TABLE deliveries (
    created_at      timestamptz NOT NULL,   -- the event's, also for every attempt: it names the partition
    id              uuid NOT NULL,
    seq             bigint NOT NULL DEFAULT nextval('delivery_seq'),
    tenant_id       text NOT NULL,
    event_id        text NOT NULL,
    event_type      text NOT NULL,
    subscription_id uuid NOT NULL,
    revision        integer NOT NULL,
    status          text NOT NULL DEFAULT 'pending'
                    CHECK (status IN ('pending', 'delivered', 'failed', 'exhausted', 'canceled')),
    last_attempt    integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,            -- when a pending delivery is tried again
    due_at          timestamptz,            -- set while the due-poller, not the broker, must announce the next attempt
    finished_at     timestamptz,
    replay_of       uuid,
    PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
CREATE INDEX deliveries_by_subscription ON deliveries (subscription_id, created_at, id);
-- A tenant's list, newest first. Costs 2 µs an insert; without it a small tenant's page reads through everybody's deliveries.
CREATE INDEX deliveries_by_tenant ON deliveries (tenant_id, created_at, id);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE attempts (
    created_at       timestamptz NOT NULL,  -- the delivery's, so that (delivery_id, number) is unique although partitioned
    delivery_id      uuid NOT NULL,
    number           integer NOT NULL,      -- from 1; the key is the claim: who inserts it carries out what follows
    started_at       timestamptz NOT NULL,
    duration_ms      integer NOT NULL,
    outcome          text NOT NULL,
    status_code      integer,               -- null without an answer
    error            text,
    request_url      text NOT NULL,
    request_headers  text NOT NULL,         -- as sent: one "Name: value" a line; never a secret
    response_headers text,
    response_body    bytea,                 -- at most 16 KiB
    next_attempt_at  timestamptz,
    trace_id         text,
    PRIMARY KEY (created_at, delivery_id, number)
) PARTITION BY RANGE (created_at);

-- Creates a day's partition of one table (events, deliveries or attempts). Safe to repeat and to race. It locks the
-- table against all: call it in a transaction of its own, or it stands in a circle with those who write to several.
-- Deliveries are filled to 45 %, not 50: a changed row is a little longer than it was, and 9 % of those would not fit.
CREATE FUNCTION ensure_day_partition(parent text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    child text := parent || '_' || to_char(day, 'YYYYMMDD');
BEGIN
    -- Arbitrary, but always the same: one keeper at a time is enough.
    PERFORM pg_advisory_xact_lock(x'5745424850415254'::bigint);
    IF to_regclass(child) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)%s',
            child, parent, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC',
            CASE parent WHEN 'deliveries' THEN ' WITH (fillfactor = 45)' ELSE '' END);
    END IF;
END $$;
