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
