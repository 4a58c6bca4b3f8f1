"""How many bytes does a stored sample take, indexes included? The bar is 4; a plain row takes above 100."""

import sys

import psycopg

from benchmarks._samples import EVERY_S, database, info_runs, size_of
from benchmarks._table import row
from prosepolish_core.watch.series.sample_store import SampleStore

TICKS = 2160

_PLAIN = """
CREATE TABLE plain_sample (ts timestamptz, source text, metric text, labels jsonb, value double precision);
CREATE INDEX ON plain_sample (metric, source, ts);
INSERT INTO plain_sample SELECT time, source, metric, labels, value FROM samples
    WHERE time < %s::timestamptz + interval '20 minutes';
CREATE TABLE array_sample AS
    SELECT time, source, collector, array_agg(value ORDER BY metric, labels) AS values FROM samples GROUP BY 1, 2, 3;
CREATE UNIQUE INDEX ON array_sample (source, collector, time)"""


def main(ticks: int = TICKS) -> None:
    with database() as (pool, url):
        store = SampleStore(pool)
        samples, batch, first = 0, [], None
        for run in info_runs(ticks):
            first = first or run.ts
            samples += len(run.samples)
            batch.append(run)
            if len(batch) == 6:
                store.write(batch)
                batch = []
        store.write(batch)
        parts = {
            "runs (heap)": "^sample_run_[0-9]+$",
            "frames": "^sample_frame$",
            "catalogue": "^sample_(series|layout|stream)$",
        }
        sizes = {name: size_of(url, pattern) for name, pattern in parts.items()}
        total = sum(sizes.values())
        print(f"{ticks} real INFO runs ({ticks * EVERY_S / 3600:.0f} h at {EVERY_S} s), {samples / ticks:.0f} samples each")
        for name, size in sizes.items():
            print(f"  {name:14} {size / samples:6.3f} B per sample")
        with psycopg.connect(url) as connection:
            heap, index = connection.execute(
                "SELECT sum(pg_relation_size(inhrelid)), sum(pg_indexes_size(inhrelid)) FROM pg_inherits"
                " WHERE inhparent = 'sample_run'::regclass"
            ).fetchone()
            print(f"  of the runs: {heap / samples:.3f} B rows, {index / samples:.3f} B index")
            for statement in _PLAIN.split(";"):
                connection.execute(psycopg.ClientCursor(connection).mogrify(statement, [first] if "%s" in statement else None))
            plain = connection.execute(
                "SELECT pg_total_relation_size('plain_sample')::float8 / count(*) FROM plain_sample"
            ).fetchone()[0]
            arrays = connection.execute("SELECT pg_total_relation_size('array_sample')::float8").fetchone()[0] / samples
        row("bytes a stored sample, indexes included", "<= 4", f"{total / samples:.2f}", total / samples <= 4)
        print(f"in this database as plain rows {plain:.0f} B ({plain * samples / total:.0f} x), as float8[] {arrays:.1f} B")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
