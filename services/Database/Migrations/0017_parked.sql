-- What was drained from the queue webhooks.parking: messages that our own code could not process, with all that it takes to
-- put them back where they came from. Written by Dispatcher; republished, deleted by Management; old rows by Dispatcher.
CREATE TABLE parked (
    id             uuid PRIMARY KEY,        -- given when it was parked: handed over again, it is the same row
    created_at     timestamptz NOT NULL DEFAULT now(),
    tenant_id      text,                    -- null: could not be read
    queue          text,                    -- where it came from; null: it does not say
    reason         text NOT NULL,
    detail         text NOT NULL,
    message_id     text,
    properties     bytea NOT NULL,          -- of the parked copy, in AMQP's encoding
    body           bytea NOT NULL,          -- as it came
    republished_at timestamptz              -- when it was last put back; null: it waits for somebody
);
CREATE INDEX parked_by_time ON parked (created_at, id);
CREATE INDEX parked_by_tenant ON parked (tenant_id, created_at, id) WHERE tenant_id IS NOT NULL;
-- Not compressed, so that the beginning of a large one can be read without the rest.
ALTER TABLE parked ALTER COLUMN body SET STORAGE EXTERNAL;
