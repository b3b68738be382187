-- Whether a notice's event was accepted for the subscriptions, or found to be one that nobody named: it is then only still to
-- be published on the bus. The two go on apart, so that a queue of a neighbour that takes nothing keeps no event.
ALTER TABLE notices ADD COLUMN accepted boolean NOT NULL DEFAULT false;

CREATE INDEX notices_unaccepted ON notices (seq) WHERE NOT accepted;
