-- One row for every LLM call that left a process, written before its reply, and one for every call that was spared.
--
-- A row is known by the id of its call. `state`: sent, then priced, unpriced or unknown. `open`: a later row of the same
-- call replaces this one. `line` says what became of the call, or what spared it; `provenance` whose doing it was.
-- `discount_usd`: what the model's own prompt caching took off. `of_call`: the paid call whose answer spared this one.
-- `also_postgres`: PostgreSQL would have spared it without Redis.

ALTER TABLE llm_ledger
    ADD COLUMN call_id       uuid    NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN state         text    NOT NULL DEFAULT 'priced' CHECK (state IN ('sent', 'priced', 'unpriced', 'unknown')),
    ADD COLUMN open          boolean NOT NULL DEFAULT false,
    ADD COLUMN line          text    NOT NULL DEFAULT 'answer',
    ADD COLUMN provenance    text    NOT NULL DEFAULT 'unrecorded',
    ADD COLUMN price_source  text    NOT NULL DEFAULT '',
    ADD COLUMN discount_usd  numeric,
    ADD COLUMN detail        text    NOT NULL DEFAULT '',
    ADD COLUMN of_call       uuid,
    ADD COLUMN also_postgres boolean NOT NULL DEFAULT false;
UPDATE llm_ledger SET state = 'unpriced' WHERE cost_usd IS NULL;
UPDATE llm_ledger SET line = CASE task WHEN 'define' THEN 'postgres' ELSE 'redis' END, also_postgres = task = 'define'
    WHERE kind = 'avoided';
CREATE OR REPLACE VIEW paid_calls AS SELECT ts, calls, cost_usd, state FROM llm_ledger WHERE kind = 'paid';
CREATE UNIQUE INDEX llm_ledger_call ON llm_ledger (call_id);
CREATE INDEX llm_ledger_sent ON llm_ledger (ts) WHERE state = 'sent';
CREATE INDEX llm_ledger_provenance ON llm_ledger (provenance, ts);
CREATE INDEX llm_ledger_of_call ON llm_ledger (of_call) WHERE of_call IS NOT NULL;

-- The same rows added up per hour. Triggers keep it, so that it is the sum of the rows whoever writes them.
-- llm_ledger_hour, which processes of the version before still write, is read no more.
CREATE TABLE llm_ledger_sum (
    ts            timestamptz      NOT NULL,
    kind          text             NOT NULL,
    line          text             NOT NULL,
    provenance    text             NOT NULL,
    task          text             NOT NULL,
    model         text             NOT NULL,
    price_date    text             NOT NULL,
    price_source  text             NOT NULL,
    also_postgres boolean          NOT NULL,
    calls         bigint           NOT NULL,
    unpriced      bigint           NOT NULL,
    unknown       bigint           NOT NULL,
    sent          bigint           NOT NULL,
    prompt        bigint           NOT NULL,
    cached        bigint           NOT NULL,
    output        bigint           NOT NULL,
    thoughts      bigint           NOT NULL,
    cost_usd      numeric          NOT NULL,
    discount_usd  numeric          NOT NULL,
    duration_s    double precision NOT NULL,
    then_usd      numeric          NOT NULL,
    then_unpriced bigint           NOT NULL,
    PRIMARY KEY (ts, kind, line, provenance, task, model, price_date, price_source, also_postgres)
) WITH (fillfactor = 70);

CREATE FUNCTION llm_ledger_add_up(rows text) RETURNS text LANGUAGE sql IMMUTABLE RETURN format($sql$
    INSERT INTO llm_ledger_sum AS t
    SELECT date_bin('1 hour', ts, timestamptz 'epoch'), kind, line, provenance, task, model, price_date, price_source,
        also_postgres, sum(sign * calls),
        sum(sign * calls * (cost_usd IS NULL AND state IN ('priced', 'unpriced'))::int),
        sum(sign * calls * (state = 'unknown')::int), sum(sign * calls * (state = 'sent')::int),
        sum(sign * prompt), sum(sign * cached), sum(sign * output), sum(sign * thoughts),
        sum(sign * coalesce(cost_usd, 0)), sum(sign * coalesce(discount_usd, 0)), sum(sign * duration_s),
        sum(sign * coalesce(then_usd, 0)), sum(sign * calls * (then_usd IS NULL)::int)
    FROM (%s) AS r GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ON CONFLICT (ts, kind, line, provenance, task, model, price_date, price_source, also_postgres) DO UPDATE SET
        calls = t.calls + EXCLUDED.calls, unpriced = t.unpriced + EXCLUDED.unpriced,
        unknown = t.unknown + EXCLUDED.unknown, sent = t.sent + EXCLUDED.sent, prompt = t.prompt + EXCLUDED.prompt,
        cached = t.cached + EXCLUDED.cached, output = t.output + EXCLUDED.output,
        thoughts = t.thoughts + EXCLUDED.thoughts, cost_usd = t.cost_usd + EXCLUDED.cost_usd,
        discount_usd = t.discount_usd + EXCLUDED.discount_usd, duration_s = t.duration_s + EXCLUDED.duration_s,
        then_usd = t.then_usd + EXCLUDED.then_usd, then_unpriced = t.then_unpriced + EXCLUDED.then_unpriced
$sql$, rows);

CREATE FUNCTION llm_ledger_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        EXECUTE llm_ledger_add_up('SELECT -1 AS sign, g.* FROM gone g');
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE llm_ledger_add_up('SELECT 1 AS sign, a.* FROM added a');
    END IF;
    RETURN NULL;
END $$;

-- What lies there already.
DO $$ BEGIN EXECUTE llm_ledger_add_up('SELECT 1 AS sign, l.* FROM llm_ledger l'); END $$;

CREATE TRIGGER llm_ledger_added AFTER INSERT ON llm_ledger
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION llm_ledger_changed();
CREATE TRIGGER llm_ledger_changed AFTER UPDATE ON llm_ledger
    REFERENCING NEW TABLE AS added OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION llm_ledger_changed();
CREATE TRIGGER llm_ledger_removed AFTER DELETE ON llm_ledger
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION llm_ledger_changed();
