-- What a broker that lost its data owes is found without asking it: services/decisions/0017-what-the-broker-owes.md.

-- How often a delivery's next attempt was announced again because its message was lost. Null, and no longer a row, for all others.
ALTER TABLE deliveries ADD COLUMN owed_times smallint;

-- Attempts that the broker has to bring, by when they are due. First attempts are not in it: a delivery that succeeds at once
-- never touches it.
CREATE INDEX deliveries_awaited ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL AND due_at IS NULL;

-- Those of them that were announced again and not attempted since: few, and counted every second.
CREATE INDEX deliveries_owed ON deliveries (next_attempt_at) WHERE owed_times IS NOT NULL AND next_attempt_at IS NOT NULL;

-- How far each dispatcher has come in each queue that it consumes.
CREATE TABLE queue_marks (
    queue      text NOT NULL,
    dispatcher uuid NOT NULL,
    mark       timestamptz NOT NULL,    -- whatever came to the queue before has been taken, and is not in this dispatcher's hand
    noted_at   timestamptz NOT NULL,
    fresh_at   timestamptz,             -- when it last took a message that nobody had held before, or found the queue empty
    PRIMARY KEY (queue, dispatcher)
) WITH (fillfactor = 50);   -- changed every second: room for the next version on the same page

-- Up to which moment of acceptance first attempts were looked for, in microseconds since 1970.
INSERT INTO settings (name, value) VALUES ('owed_until', 0);
