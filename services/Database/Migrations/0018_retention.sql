-- When retention last looked at the clock, and until when it holds off after a leap of it; seconds since 1970. What is dropped
-- cannot be brought back: a clock that jumps, or a database restored from long ago, must not make today's rows look old.
INSERT INTO settings (name, value) VALUES
    ('retention_seen', extract(epoch FROM now())::bigint),
    ('retention_held_until', 0);
