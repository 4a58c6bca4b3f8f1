-- Samples: one row per collector run, packed against a frame, so that a run is whole or absent and a sample costs about two bytes.

-- What is read (a source) by whom (a collector).
CREATE TABLE sample_stream (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source    text NOT NULL,
    collector text NOT NULL,
    UNIQUE (source, collector)
);

-- What a number is. Labels are an object of strings.
CREATE TABLE sample_series (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric text  NOT NULL,
    labels jsonb NOT NULL,
    kind   text  NOT NULL CHECK (kind IN ('counter', 'gauge')),
    unit   text  NOT NULL,
    UNIQUE (metric, labels, kind, unit)
);

-- Which series stands at which position of a run.
CREATE TABLE sample_layout (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea     NOT NULL UNIQUE,
    series integer[] NOT NULL
);

-- The values and strings against which some hundred runs of one stream on one day are written.
CREATE TABLE sample_frame (
    id     bigint PRIMARY KEY, -- random, made by the writer
    stream integer NOT NULL REFERENCES sample_stream,
    layout integer NOT NULL REFERENCES sample_layout,
    day    date    NOT NULL,
    state  jsonb   NOT NULL,
    base   double precision[] NOT NULL,
    scale  double precision[]
);
CREATE INDEX sample_frame_day ON sample_frame (day, stream);
ALTER TABLE sample_frame ALTER base SET STORAGE MAIN;

-- One run. The value at position p is coalesce(wide[p], (base[p] + coalesce(delta[p], 0)) / coalesce(scale[p], 1)), exactly.
-- `state` holds only the strings that differ from the frame's (null: gone since). No frame: the run gave no samples.
CREATE TABLE sample_run (
    tick     timestamptz NOT NULL,
    ts       timestamptz NOT NULL,
    frame    bigint,
    stream   integer     NOT NULL,
    duration real        NOT NULL,
    outcome  "char"      NOT NULL,
    detail   text,
    delta    integer[],
    wide     double precision[],
    state    jsonb,
    PRIMARY KEY (stream, tick)
) PARTITION BY RANGE (tick);

-- Outcomes by their letter.
CREATE TABLE sample_outcome (letter "char" PRIMARY KEY, outcome text NOT NULL);
INSERT INTO sample_outcome VALUES ('o', 'ok'), ('r', 'refused'), ('t', 'timeout'), ('e', 'error');

-- Vertical lines on the charts.
CREATE TABLE mark (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ts     timestamptz NOT NULL,
    kind   text NOT NULL,
    text   text NOT NULL,
    source text NOT NULL DEFAULT '',
    UNIQUE (ts, kind, source, text)
);

-- Makes sure that a day has its partition; many writers may ask at once.
CREATE FUNCTION sample_ensure_day(wanted date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'sample_run_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('sample_ensure_day'));
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF sample_run FOR VALUES FROM (%L) TO (%L)',
            part, wanted::timestamp AT TIME ZONE 'UTC', (wanted + 1)::timestamp AT TIME ZONE 'UTC'
        );
    END IF;
END $$;

-- For people, plain SQL and Grafana -----------------------------------------------------------------------------------

CREATE VIEW samples AS
SELECT r.tick AS time, r.ts AS read_at, st.source, st.collector, se.metric, se.labels, se.kind, se.unit,
       coalesce(r.wide[p.position],
                (f.base[p.position] + coalesce(r.delta[p.position], 0)) / coalesce(f.scale[p.position], 1)) AS value
FROM sample_run r
JOIN sample_stream st ON st.id = r.stream
JOIN sample_frame f ON f.id = r.frame
JOIN sample_layout l ON l.id = f.layout
CROSS JOIN LATERAL unnest(l.series) WITH ORDINALITY AS p (series, position)
JOIN sample_series se ON se.id = p.series;
COMMENT ON VIEW samples IS 'Every sample as it was read. Counters are raw; always restrict "time".';

CREATE VIEW collector_runs AS
SELECT r.tick AS time, r.ts AS read_at, st.source, st.collector, r.duration AS duration_seconds, o.outcome,
       coalesce(r.detail, '') AS detail, coalesce(cardinality(l.series), 0) AS samples,
       jsonb_strip_nulls(coalesce(f.state, '{}') || coalesce(r.state, '{}')) AS state
FROM sample_run r
JOIN sample_stream st ON st.id = r.stream
JOIN sample_outcome o ON o.letter = r.outcome
LEFT JOIN sample_frame f ON f.id = r.frame
LEFT JOIN sample_layout l ON l.id = f.layout;
COMMENT ON VIEW collector_runs IS 'One row per collector run: when, how long, with which outcome, and the strings it read.';
