-- Stretches of time whose samples, counts, marks and incidents a simulation wrote: every page that shows one says so.
CREATE TABLE simulated_span (
    start  timestamptz NOT NULL,
    until  timestamptz NOT NULL,
    CHECK (until > start),
    PRIMARY KEY (start, until)
);
