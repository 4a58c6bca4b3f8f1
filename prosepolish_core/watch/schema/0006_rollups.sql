-- Roll-ups: one row per series and span (240 minutes, 24 hours), as arrays, so that months of one metric are few rows.

-- `series` 0 stands for the runs themselves: their durations as a gauge, and what the other rows leave out because it is the same.
-- `narrow` (or `wide`, where single precision would not be exact) holds, per step:
--   gauge:    [1] last - base, [2] low - base, [3] high - base, [4] sum of (value - base); both null: every value was `base`
--   counter:  [1] the reset-safe increase; both null: 0
-- `count` (of readings; of a counter only whether there were any counts) and `covered` (seconds between the readings):
-- null where they are those of series 0.
CREATE TABLE sample_minute (
    stream  integer     NOT NULL,
    series  integer     NOT NULL,
    start   timestamptz NOT NULL,
    base    double precision NOT NULL DEFAULT 0,
    every   real, -- only series 0: the usual seconds between two runs
    count   smallint[],
    covered real[],
    narrow  real[],
    wide    double precision[],
    PRIMARY KEY (stream, series, start)
);
CREATE INDEX sample_minute_start ON sample_minute USING brin (start);

CREATE TABLE sample_hour (LIKE sample_minute INCLUDING ALL);
ALTER TABLE sample_hour ALTER count TYPE integer[];

-- Up to where a stream is rolled up. Step is 60 or 3600.
CREATE TABLE sample_rolled (
    stream integer     NOT NULL,
    step   integer     NOT NULL,
    until  timestamptz NOT NULL,
    PRIMARY KEY (stream, step)
);

-- What retention has removed: nothing of this resolution (0: raw samples) is left before this instant.
CREATE TABLE sample_gone (
    step   integer PRIMARY KEY,
    before timestamptz NOT NULL
);

-- Spans into which runs arrived late: their roll-ups are made again.
CREATE TABLE sample_late (
    stream integer     NOT NULL,
    start  timestamptz NOT NULL,
    PRIMARY KEY (stream, start)
);

CREATE FUNCTION sample_steps(narrow real[], wide double precision[], size integer) RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(narrow::double precision[], wide, array_fill(0::double precision, ARRAY[4, size]))
$$;

CREATE VIEW samples_minute AS
SELECT m.start + (s.step - 1) * interval '1 minute' AS time, st.source, st.collector, se.metric, se.labels, se.kind, se.unit,
       s.count,
       CASE se.kind WHEN 'gauge' THEN m.base + s.total / s.count END AS mean,
       CASE se.kind WHEN 'gauge' THEN m.base + s.low END AS min,
       CASE se.kind WHEN 'gauge' THEN m.base + s.high END AS max,
       CASE se.kind WHEN 'gauge' THEN m.base + s.last END AS last,
       CASE se.kind WHEN 'counter' THEN s.last END AS increase,
       CASE se.kind WHEN 'counter' THEN s.covered END AS covered_seconds
FROM sample_minute m
JOIN sample_minute z ON z.stream = m.stream AND z.start = m.start AND z.series = 0
JOIN sample_stream st ON st.id = m.stream
JOIN sample_series se ON se.id = m.series
CROSS JOIN LATERAL (SELECT sample_steps(m.narrow, m.wide, 240) AS of) d
CROSS JOIN LATERAL unnest(coalesce(m.count, z.count), coalesce(m.covered, z.covered), d.of[1:1], d.of[2:2], d.of[3:3], d.of[4:4])
    WITH ORDINALITY AS s (count, covered, last, low, high, total, step)
WHERE s.count > 0;
COMMENT ON VIEW samples_minute IS 'Minute roll-ups, up to a few hours ago: gauges by mean, min, max and last, counters by their increase.';

CREATE VIEW samples_hour AS
SELECT m.start + (s.step - 1) * interval '1 hour' AS time, st.source, st.collector, se.metric, se.labels, se.kind, se.unit,
       s.count,
       CASE se.kind WHEN 'gauge' THEN m.base + s.total / s.count END AS mean,
       CASE se.kind WHEN 'gauge' THEN m.base + s.low END AS min,
       CASE se.kind WHEN 'gauge' THEN m.base + s.high END AS max,
       CASE se.kind WHEN 'gauge' THEN m.base + s.last END AS last,
       CASE se.kind WHEN 'counter' THEN s.last END AS increase,
       CASE se.kind WHEN 'counter' THEN s.covered END AS covered_seconds
FROM sample_hour m
JOIN sample_hour z ON z.stream = m.stream AND z.start = m.start AND z.series = 0
JOIN sample_stream st ON st.id = m.stream
JOIN sample_series se ON se.id = m.series
CROSS JOIN LATERAL (SELECT sample_steps(m.narrow, m.wide, 24) AS of) d
CROSS JOIN LATERAL unnest(coalesce(m.count, z.count), coalesce(m.covered, z.covered), d.of[1:1], d.of[2:2], d.of[3:3], d.of[4:4])
    WITH ORDINALITY AS s (count, covered, last, low, high, total, step)
WHERE s.count > 0;
COMMENT ON VIEW samples_hour IS 'Hour roll-ups, up to yesterday: gauges by mean, min, max and last, counters by their increase.';
