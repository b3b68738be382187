-- A retry that waits in a lane has no message that the broker could owe. In this index a paused million of them would be walked
-- through every second.
DROP INDEX deliveries_awaited;
CREATE INDEX deliveries_awaited ON deliveries (next_attempt_at)
    WHERE next_attempt_at IS NOT NULL AND due_at IS NULL AND lane_due_at IS NULL;
