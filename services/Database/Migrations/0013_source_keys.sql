-- The keys of a source are one space, whatever its webhooks become: a row in callbacks, or one in inbound_webhooks.
ALTER TABLE callbacks ADD COLUMN source_id uuid;            -- null: a caller of the API; the source may be deleted since
-- Which request reserved the key: one that has lost it, or that never heard whether it had it, ends no other's.
ALTER TABLE callbacks ADD COLUMN reservation uuid;

-- Both are null in rows that were written before.
ALTER TABLE inbound_webhooks ADD COLUMN external_system text;
ALTER TABLE inbound_webhooks ADD COLUMN fingerprint bytea;  -- SHA-256 of the webhook's bytes and of what it is about
-- The limit of new keys in a minute.
CREATE INDEX inbound_webhooks_by_system ON inbound_webhooks (tenant_id, external_system, received_at);
