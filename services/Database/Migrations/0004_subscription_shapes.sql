ALTER TABLE subscription_revisions
    ADD COLUMN channel          text,   -- a label of the tenant's own
    ADD COLUMN signature        jsonb,  -- what differs from the profile's scheme; null: nothing
    ADD COLUMN send_traceparent boolean NOT NULL DEFAULT false,
    ADD COLUMN headers_key_id   text,   -- which configured key encrypted the headers
    ADD COLUMN headers          bytea;  -- AES-GCM: nonce, tag, JSON; credentials are among them. Null: none

-- A rare label in a large tenant is found without reading all of its subscriptions.
CREATE INDEX subscription_revisions_by_channel ON subscription_revisions (channel, subscription_id) WHERE channel IS NOT NULL;
