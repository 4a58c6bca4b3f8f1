-- Who did what through the dashboard or the command line, and who was refused. Rows are added; none is changed or removed.
CREATE TABLE audit (
    id       bigint       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz  NOT NULL DEFAULT clock_timestamp(),
    actor    text         NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
    role     text         NOT NULL CHECK (length(role) <= 20),
    action   text         NOT NULL CHECK (length(action) BETWEEN 1 AND 60),
    subject  text         NOT NULL CHECK (length(subject) <= 300),
    outcome  text         NOT NULL CHECK (outcome IN ('allowed', 'refused'))
);
CREATE INDEX audit_at ON audit (at);

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of the audit table are never changed or removed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
