-- How receivers fare: a row for each subscription that fails or has failed, none for the others. Changed in the transaction of
-- the attempts that tell of it, in the order of the keys, at most once a group. What it means: services/decisions/0016.
CREATE TABLE subscription_health (
    subscription_id    uuid PRIMARY KEY,
    state              text NOT NULL DEFAULT 'healthy' CHECK (state IN ('healthy', 'failing', 'throttled', 'open', 'recovering')),
    reason             text,                            -- the outcome of the last attempt that was no success; null after one
    -- Attempts without a success, of any kind: after days of them the subscription is disabled.
    unsuccessful       integer NOT NULL DEFAULT 0,
    unsuccessful_since timestamptz,
    last_failure_at    timestamptz,
    last_success_at    timestamptz,                     -- as far as it ended a failure
    -- The breaker's run: retryable failures one after the other.
    failures           integer NOT NULL DEFAULT 0,
    failing_since      timestamptz,
    opened_at          timestamptz,                     -- when the breaker opened the last time, and when the slow start after that
    closed_at          timestamptz,                     -- was over; null: it is not
    probe_at           timestamptz,
    wait               interval,                        -- the present wait for a probe, the next is twice as long
    allowance          integer NOT NULL DEFAULT 0,      -- the slow start: how many sends at once; 0: it is over
    throttled_until    timestamptz                      -- Retry-After: nothing is sent before
) WITH (fillfactor = 50);

-- How long open breakers have kept a delivery waiting before its attempts so far; null: not at all.
ALTER TABLE deliveries ADD COLUMN held interval;
CREATE INDEX deliveries_held ON deliveries (subscription_id) WHERE held IS NOT NULL AND lane_due_at IS NOT NULL;
