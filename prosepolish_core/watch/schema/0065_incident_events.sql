-- The course of an incident and what it did to users, kept with it: counts are thinned out with time, a post-mortem is not.
CREATE TABLE incident_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident text NOT NULL REFERENCES incident ON DELETE CASCADE,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    rule text NOT NULL DEFAULT '',
    labels jsonb NOT NULL DEFAULT '{}',
    level text NOT NULL DEFAULT 'ok',
    value double precision,
    text text NOT NULL DEFAULT '',
    UNIQUE (incident, at, kind, rule, labels, text)
);

-- Counted once, a minute after the end; null until then, and again when the incident goes on after all.
ALTER TABLE incident ADD COLUMN effect jsonb;
CREATE INDEX incident_to_count ON incident (ended) WHERE ended IS NOT NULL AND effect IS NULL;

-- How often each channel took a message and did not, for /metrics.
ALTER TABLE alert_channel ADD COLUMN told_total bigint NOT NULL DEFAULT 0;
ALTER TABLE alert_channel ADD COLUMN failed_total bigint NOT NULL DEFAULT 0;

-- Calls and prices of the ledger for the collectors, without what was asked, of which model and for whom.
CREATE VIEW paid_calls AS SELECT ts, calls, cost_usd FROM llm_ledger WHERE kind = 'paid';
