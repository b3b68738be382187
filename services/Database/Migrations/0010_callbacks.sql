-- Calls of external systems, each with the command that it became. One row an idempotency key: of a tenant, a route, the
-- external system and what is called about. All of that is hashed into the command's id, which therefore is the key.
CREATE TABLE callbacks (
    id                  uuid PRIMARY KEY,       -- UUIDv7: the order of ids is the order of the first calls
    command_id          uuid NOT NULL UNIQUE,
    tenant_id           text NOT NULL,
    route               text NOT NULL,          -- 'exceptions'
    subject_id          text NOT NULL,          -- what the call is about: the exception's id
    external_system     text NOT NULL,
    idempotency_key     text NOT NULL,
    fingerprint         bytea NOT NULL,         -- SHA-256 of the call's raw body
    external_updated_at timestamptz,            -- when the external system changed its ticket
    -- reserved: somebody is publishing the command, until the lease ends. accepted: the broker has it. applied, failed:
    -- what the domain service said (answered_at is set), or failed by us because the broker never confirmed it.
    status              text NOT NULL CHECK (status IN ('reserved', 'accepted', 'applied', 'failed')),
    lease_until         timestamptz,
    superseded          boolean NOT NULL,
    command             bytea NOT NULL,         -- the command's bytes: a repeat sends the same ones
    traceparent         text,
    reason              text,
    repeats             integer NOT NULL DEFAULT 0,
    repeat_at           timestamptz,            -- when an unanswered command is published again
    created_at          timestamptz NOT NULL,
    accepted_at         timestamptz,
    answered_at         timestamptz
);

-- The limit of new keys in a minute.
CREATE INDEX callbacks_by_system ON callbacks (tenant_id, external_system, created_at);
-- The latest change of a ticket.
CREATE INDEX callbacks_latest ON callbacks (subject_id, tenant_id, external_system, external_updated_at)
    WHERE status <> 'failed' AND external_updated_at IS NOT NULL;
-- Pages of Management's list.
CREATE INDEX callbacks_by_subject ON callbacks (subject_id, tenant_id, id);
CREATE INDEX callbacks_by_tenant ON callbacks (tenant_id, id);
CREATE INDEX callbacks_reserved ON callbacks (lease_until) WHERE status = 'reserved';
CREATE INDEX callbacks_unanswered ON callbacks (repeat_at) WHERE status = 'accepted';
