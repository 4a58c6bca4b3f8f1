-- The one row that the collectors write to find out whether PostgreSQL takes writes; nobody reads it.
CREATE TABLE collector_probe (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    ts timestamptz NOT NULL DEFAULT now()
);
