-- Who changed what, when. Written in the transaction of the change itself, and only ever appended to.
-- Keeping it for a limited time will be done by whole tables (rename this one, go on in a new one, drop the old one when
-- its time is over), which needs the owner's rights and no hole in the trigger below: services/decisions/0009.
CREATE TABLE audit (
    id             uuid PRIMARY KEY,
    created_at     timestamptz NOT NULL,
    tenant_id      text,            -- null: it concerns all tenants
    actor          text NOT NULL,   -- a token's id with its prefix, 'admin_token' (the configured one) or 'system'
    actor_name     text,            -- as the token was called then
    action         text NOT NULL,   -- 'subscription.updated'
    subject        text NOT NULL,   -- the id, with its prefix, of what it was done to
    details        text,            -- JSON; text, because jsonb respells numbers; never a secret
    trace_id       text,
    remote_address text
);

-- Each filter of the list, for an administrator and for a tenant, newest first.
CREATE INDEX audit_by_time ON audit (created_at, id);
CREATE INDEX audit_by_subject ON audit (subject, created_at, id);
CREATE INDEX audit_by_action ON audit (action, created_at, id);
CREATE INDEX audit_by_actor ON audit (actor, created_at, id);
CREATE INDEX audit_by_tenant ON audit (tenant_id, created_at, id);
CREATE INDEX audit_by_tenant_action ON audit (tenant_id, action, created_at, id);
CREATE INDEX audit_by_tenant_actor ON audit (tenant_id, actor, created_at, id);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit is only appended to: % is refused.', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_is_only_appended_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
-- Also in sessions that have switched triggers off.
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_is_only_appended_to;

-- When the token was last used, as far as it has been written: in batches, half a minute late.
ALTER TABLE api_tokens ADD COLUMN last_used_at timestamptz;
