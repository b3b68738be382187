-- What happened to deliveries, by subscription and minute, written with the attempts, in their transaction. A row a measure
-- that occurred, not a column a measure and an array of latencies: most minutes of most subscriptions have two or three of them,
-- and a group over many subscriptions is added in about half the time. What the numbers mean: services/Sending/Measures/Measure.cs.
CREATE TABLE delivery_minutes (
    subscription_id uuid NOT NULL,
    minute          timestamptz NOT NULL,
    measure         smallint NOT NULL,
    writer          integer NOT NULL,       -- a dispatcher's own number: no two of them ever wait for a row
    count           integer NOT NULL,
    PRIMARY KEY (subscription_id, minute, measure, writer)
) WITH (fillfactor = 80);
-- For what is asked about all subscriptions, for the hours, and for what is too old.
CREATE INDEX delivery_minutes_by_minute ON delivery_minutes (minute);

-- The same by hour, all dispatchers together, added up by the leader once an hour is over: a month of many subscriptions can
-- then be read within a request. Hours before settings.hours_until are in here, the others in the minutes alone.
CREATE TABLE delivery_hours (
    subscription_id uuid NOT NULL,
    hour            timestamptz NOT NULL,
    measure         smallint NOT NULL,
    count           bigint NOT NULL,
    PRIMARY KEY (subscription_id, hour, measure)
);
CREATE INDEX delivery_hours_by_hour ON delivery_hours (hour);

-- Seconds since 1970.
INSERT INTO settings (name, value) VALUES ('hours_until', extract(epoch FROM date_bin('1 hour', now(), 'epoch'))::bigint);

-- A tenant's subscriptions with the deleted ones, whose figures stay.
CREATE INDEX subscriptions_of_tenant ON subscriptions (tenant_id, id);
