-- Text, not json: kept as it was spelled, because numbers are compared and copied as they are written.
ALTER TABLE subscription_revisions
    ADD COLUMN filter    text,  -- null: every event of the types
    ADD COLUMN transform text;  -- null: the profile's body
