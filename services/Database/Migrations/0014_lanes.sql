-- A subscription in a lane is served from its rows, by one dispatcher, without messages. What a lane is, its states and who
-- moves between them: services/Dispatcher/Lanes/LaneLife.cs; why it is so: services/decisions/0015.

-- The dispatchers that are alive. Each renews its row; one that is past its time may be deleted by any other, and that is how
-- it ends: a dispatcher whose row is gone serves nothing more, and begins anew under another id.
CREATE TABLE dispatchers (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alive_until timestamptz NOT NULL
) WITH (fillfactor = 10);   -- renewed several times a second: room for the next versions on the same page

-- A lane is open while its row is there. Whoever puts a delivery into it holds the row FOR KEY SHARE until the commit, and
-- whoever closes it deletes the row: neither can miss the other.
CREATE TABLE lanes (
    subscription_id uuid PRIMARY KEY,
    reason          text NOT NULL,          -- why it was opened: 'rate_limit', 'paused', …
    opened_at       timestamptz NOT NULL DEFAULT now(),
    -- Who serves it; null: nobody does, and the first who may takes it. Held exactly as long as the holder's row is there.
    holder          bigint REFERENCES dispatchers (id) ON DELETE SET NULL,
    fence           bigint NOT NULL DEFAULT 0,  -- grows with every holder: what one writes is conditional on its own number
    next_send_at    timestamptz             -- where the last holder's pace ended; null: unknown, because it died
) WITH (fillfactor = 50);
CREATE INDEX lanes_unheld ON lanes (subscription_id) WHERE holder IS NULL;
CREATE INDEX lanes_by_holder ON lanes (holder);

-- When a pending delivery of a lane is due; null: it is not in a lane. One column says both, so that none can be in a lane
-- without a time. Apart from due_at, so that neither the due-poller nor anybody else who asks for that one meets a lane's rows.
ALTER TABLE deliveries ADD COLUMN lane_due_at timestamptz;
-- A lane's rows in the order in which they are served. Ordinary deliveries are not in it, and pay nothing for it.
CREATE INDEX deliveries_in_lane ON deliveries (subscription_id, lane_due_at, seq) WHERE lane_due_at IS NOT NULL;
