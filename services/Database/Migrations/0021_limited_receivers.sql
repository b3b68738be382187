-- When a breaker opened the last time, after a slow start as well: what was sent before may be on the wire for a while.
-- Null: it has not opened since this column is there.
ALTER TABLE subscription_health ADD COLUMN reopened_at timestamptz;

-- The receivers that must not be sent everything, asked for every second. The others may be many: whoever fails once has a row.
CREATE INDEX subscription_health_limited ON subscription_health (subscription_id)
    WHERE state IN ('open', 'recovering') OR throttled_until IS NOT NULL;
