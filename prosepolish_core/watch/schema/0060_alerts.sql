-- Incidents and their alerts as the collectors told them, notes and silences of people. One incident, one id, in every process.
CREATE TABLE incident (
    id text PRIMARY KEY CHECK (length(id) <= 200),
    cause text NOT NULL,
    level text NOT NULL,
    began timestamptz NOT NULL,
    ended timestamptz,
    simulated boolean NOT NULL DEFAULT false
);
CREATE INDEX incident_began ON incident (began DESC);
CREATE INDEX incident_open ON incident (began DESC) WHERE ended IS NULL;

CREATE TABLE incident_alert (
    incident text NOT NULL REFERENCES incident ON DELETE CASCADE,
    rule text NOT NULL,
    labels jsonb NOT NULL,
    level text NOT NULL,
    since timestamptz NOT NULL,
    fired_at timestamptz NOT NULL,
    resolved_at timestamptz,
    value double precision,
    worst double precision,
    PRIMARY KEY (incident, rule, labels, fired_at)
);

-- What people wrote, and who took an incident upon himself (kind 'acknowledged').
CREATE TABLE incident_note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident text NOT NULL REFERENCES incident ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    author text NOT NULL,
    kind text NOT NULL DEFAULT 'note' CHECK (kind IN ('note', 'acknowledged')),
    body text NOT NULL DEFAULT '' CHECK (length(body) <= 4000)
);
CREATE INDEX incident_note_of ON incident_note (incident, at);

-- Alerts nobody wants to hear of until then: of one rule or all ('' ), of one instance or tier or all ('').
CREATE TABLE silence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule text NOT NULL DEFAULT '',
    scope text NOT NULL DEFAULT '',
    begins timestamptz NOT NULL DEFAULT now(),
    until timestamptz NOT NULL,
    author text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    CHECK (until > begins)
);
CREATE INDEX silence_until ON silence (until);

-- How the telling goes: the newest state of each channel.
CREATE TABLE alert_channel (
    channel text PRIMARY KEY,
    told_at timestamptz,
    failed_at timestamptz,
    failure text NOT NULL DEFAULT '',
    waiting integer NOT NULL DEFAULT 0
);
