-- A dispatcher that stops, or that cannot look around, is alive as long as it serves what it has, and takes nothing: no lane is
-- handed over to it, nor waits for it. Says so itself, with each renewal.
ALTER TABLE dispatchers ADD COLUMN takes_lanes boolean NOT NULL DEFAULT true;
