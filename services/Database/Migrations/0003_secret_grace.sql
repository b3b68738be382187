-- A secret that was rotated out stays valid for its grace period. Null: the one that signs.
ALTER TABLE subscription_secrets ADD COLUMN valid_until timestamptz;
