-- Paused: events go on becoming deliveries, which wait.
ALTER TABLE subscriptions
    DROP CONSTRAINT subscriptions_state_check,
    ADD CONSTRAINT subscriptions_state_check CHECK (state IN ('active', 'paused', 'disabled'));

-- Read from the current revision, as URL and retry are: what waits follows a change, too.
ALTER TABLE subscription_revisions
    ADD COLUMN rate_limit    double precision CHECK (rate_limit > 0),   -- attempts a second; null: as many as there are
    ADD COLUMN max_in_flight integer CHECK (max_in_flight > 0),         -- attempts at a time; null: as many as there are
    -- 'by_key': one at a time, in the order of acceptance, of the events that have the same value at the pointer.
    ADD COLUMN ordering      text CHECK (ordering IN ('by_key')),       -- null: none
    ADD COLUMN ordering_key  text,                                      -- a JSON pointer into the event
    ADD CHECK ((ordering IS NULL) = (ordering_key IS NULL));

-- What a delivery of a lane is ordered by; null: by nothing. Set with the row and never changed: an order counts for what is
-- accepted while it is asked for. Why the order is read and never written down: services/decisions/0018.
ALTER TABLE deliveries ADD COLUMN ordering_key bigint;
-- The oldest of each key, one key after the other, however many wait behind it.
CREATE INDEX deliveries_in_lane_by_key ON deliveries (subscription_id, ordering_key, seq)
    WHERE lane_due_at IS NOT NULL AND ordering_key IS NOT NULL;
-- What an ordered lane serves beside: not among all those that wait for others of their key.
CREATE INDEX deliveries_in_lane_unordered ON deliveries (subscription_id, lane_due_at, seq)
    WHERE lane_due_at IS NOT NULL AND ordering_key IS NULL;
