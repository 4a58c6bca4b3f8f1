-- How every alert rule stands, as the collector that leads saw it last: what the pages show as their verdicts.
CREATE TABLE alert_standing (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    at        timestamptz NOT NULL,
    standings jsonb NOT NULL
);
