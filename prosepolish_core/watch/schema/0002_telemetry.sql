-- What the live path counts about itself: lookups, events, the LLM ledger and the access trace.
--
-- Counts are kept at three steps (10 s, a minute, an hour) that are written together, so every window can be read
-- cheaply and all of them agree. `counts` holds a latency histogram over the bounds of prosepolish_core/model/latency.py.

CREATE FUNCTION add_counts(a integer[], b integer[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY i) FROM unnest(a, b) WITH ORDINALITY AS u(x, y, i));

CREATE TABLE telemetry_lookup (
    step     integer          NOT NULL CHECK (step IN (10, 60, 3600)),
    ts       timestamptz      NOT NULL,
    family   text             NOT NULL,
    tier     text             NOT NULL,
    outcome  text             NOT NULL,
    steps    bigint           NOT NULL,
    answers  bigint           NOT NULL,
    sum_s    double precision NOT NULL,
    counts   integer[]        NOT NULL,
    PRIMARY KEY (step, ts, family, tier, outcome)
) WITH (fillfactor = 70);

CREATE TABLE telemetry_event (
    step    integer     NOT NULL CHECK (step IN (10, 60, 3600)),
    ts      timestamptz NOT NULL,
    name    text        NOT NULL,
    amount  bigint      NOT NULL,
    PRIMARY KEY (step, ts, name)
) WITH (fillfactor = 70);

-- One row per LLM call, paid or avoided. `calls` is above 1 only where rows were added up during an outage of this
-- database. An unknown price is NULL, never zero.
CREATE TABLE llm_ledger (
    id          bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ts          timestamptz      NOT NULL,
    kind        text             NOT NULL,
    task        text             NOT NULL,
    model       text             NOT NULL,
    price_date  text             NOT NULL,
    calls       bigint           NOT NULL CHECK (calls > 0),
    prompt      bigint           NOT NULL,
    cached      bigint           NOT NULL,
    output      bigint           NOT NULL,
    thoughts    bigint           NOT NULL,
    cost_usd    numeric,
    duration_s  double precision NOT NULL
);
CREATE INDEX llm_ledger_ts ON llm_ledger (ts);

-- The same, added up per hour, so that a year is a few thousand rows.
CREATE TABLE llm_ledger_hour (
    ts          timestamptz      NOT NULL,
    kind        text             NOT NULL,
    task        text             NOT NULL,
    model       text             NOT NULL,
    price_date  text             NOT NULL,
    calls       bigint           NOT NULL,
    unpriced    bigint           NOT NULL,
    prompt      bigint           NOT NULL,
    cached      bigint           NOT NULL,
    output      bigint           NOT NULL,
    thoughts    bigint           NOT NULL,
    cost_usd    numeric          NOT NULL,
    duration_s  double precision NOT NULL,
    PRIMARY KEY (ts, kind, task, model, price_date)
) WITH (fillfactor = 70);

-- Sampled key reads, many to a row. Never the key: a 64-bit hash of it.
CREATE TABLE access_chunk (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ts          timestamptz NOT NULL,
    family      text        NOT NULL,
    rate        real        NOT NULL CHECK (rate > 0 AND rate <= 1),
    key_hashes  bigint[]    NOT NULL,
    offsets_ms  integer[]   NOT NULL,
    sizes       integer[]   NOT NULL
);
CREATE INDEX access_chunk_ts ON access_chunk (ts);

CREATE VIEW access_trace AS
SELECT c.ts + a.offset_ms * interval '1 millisecond' AS ts, c.family, a.key_hash, a.bytes, c.rate
FROM access_chunk AS c, unnest(c.key_hashes, c.offsets_ms, c.sizes) AS a(key_hash, offset_ms, bytes);

-- The last flush of each process that was added: a flush whose commit reply was lost is not added again.
CREATE TABLE telemetry_flush (
    process   uuid        PRIMARY KEY,
    sequence  bigint      NOT NULL,
    ts        timestamptz NOT NULL DEFAULT now()
);
