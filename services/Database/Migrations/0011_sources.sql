-- Configured origins of native webhooks.
CREATE TABLE sources (
    id          uuid PRIMARY KEY,   -- UUIDv7: the order of ids is the order of time
    tenant_id   text NOT NULL,
    name        text NOT NULL,
    kind        text NOT NULL,      -- 'jira', 'custom' …
    settings    text NOT NULL,      -- JSON; text, because jsonb cannot hold every character of a value map
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX sources_by_tenant ON sources (tenant_id, id);

-- Encrypted. Number 0 is the present one; the others are still taken during a rotation.
CREATE TABLE source_secrets (
    source_id   uuid NOT NULL REFERENCES sources ON DELETE CASCADE,
    number      integer NOT NULL,
    key_id      text NOT NULL,
    ciphertext  bytea NOT NULL,
    valid_until timestamptz,
    PRIMARY KEY (source_id, number)
);

-- Webhooks that map to no command and were told of: each once, however often its sender repeats it.
CREATE TABLE inbound_webhooks (
    id          uuid PRIMARY KEY,   -- a hash of the source and the webhook's key
    tenant_id   text NOT NULL,
    source_id   uuid NOT NULL,      -- which may be deleted since
    received_at timestamptz NOT NULL
);
CREATE INDEX inbound_webhooks_by_time ON inbound_webhooks (received_at);
