-- A lane's fence grew from 0 again with each opening: what a holder of an earlier one had left to do could meet a later one with the
-- same number. No taking of any lane gets a number that another one has had.
CREATE SEQUENCE lane_fences;
SELECT setval('lane_fences', 1 + (SELECT coalesce(max(fence), 0) FROM lanes));
