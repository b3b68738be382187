-- What happened to a delivery or a subscription and is still to be told: written in the transaction of the change itself,
-- told (to the bus, and to subscriptions that name the type) and deleted by the publisher. Mostly empty.
CREATE TABLE notices (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          text NOT NULL,          -- what it is about and its status; the same however often it is told
    tenant_id   text NOT NULL,
    type        text NOT NULL,          -- such as delivery.exhausted
    occurred_at timestamptz NOT NULL,
    data        bytea NOT NULL,         -- minified JSON object
    traceparent text
);
