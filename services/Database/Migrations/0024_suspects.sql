-- Messages that are tried by themselves, because those who held them with others died: services/decisions/0030-a-suspect-is-tried-alone.md.
CREATE TABLE suspects (
    message bytea PRIMARY KEY,      -- SHA-256 of its body
    tries   integer NOT NULL        -- how many publishers began with it and nothing else
);
