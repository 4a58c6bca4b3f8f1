"""What does the access trace cost? (bars: 0.5 µs a lookup, 16 bytes a sampled read in PostgreSQL).

A lookup only appends to a queue; the rest is the background thread's, and is shown beside. Bytes are those of the table
and its indexes after a day at the pace at which the share of keys is halved.
"""

import time
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import uuid4

import numpy as np

from benchmarks._samples import database
from benchmarks.telemetry_cost import Nothing, Nowhere, accesses, timed
from prosepolish_core.model.counts import TelemetryBatch
from prosepolish_core.model.outcome import Family
from prosepolish_core.watch.counts.access import BUSY_PER_S, AccessTrace
from prosepolish_core.watch.counts.recorder import BufferedRecorder
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter

BAR_US, BAR_BYTES = 0.5, 16.0
START = datetime(2026, 11, 26, tzinfo=UTC)


def main() -> int:
    """Both bars."""
    real, empty = BufferedRecorder(Nowhere(), flush_s=1.0), Nothing()
    found = []
    for _ in range(15):
        found.append(timed(lambda: accesses(real)) - timed(lambda: accesses(empty)))
        real.flush()
    real.close()
    caller = median(found)
    print(f"a lookup's own part: {caller:.2f} µs of a bar of {BAR_US} µs: {'met' if caller <= BAR_US else 'MISSED'}")
    background()
    size = stored()
    print(f"stored: {size:.2f} bytes a sampled read of a bar of {BAR_BYTES:g}: {'met' if size <= BAR_BYTES else 'MISSED'}")
    return int(caller > BAR_US or size > BAR_BYTES)


def background() -> None:
    """What the flusher's thread does for each read, where few keys are followed and where all are."""
    drawn = np.random.default_rng(4)
    share = 1 / np.arange(1, 50_001) ** 0.9
    keys = [f"dict:w{n}" for n in drawn.choice(50_000, 200_000, p=share / share.sum()).tolist()]
    for name, pace in (("5,000 a second", 5000), ("50 a second", 50)):
        trace, took, done = AccessTrace(b"k" * 32), 0.0, 0
        for second in range(40):
            reads = [(float(second), Family.DICTIONARY, keys[(done + n) % len(keys)], 470, 0, None) for n in range(pace)]
            done += pace
            before = time.thread_time()
            trace.chunks(reads, 1.0, whole=False)
            took += time.thread_time() - before
        followed = trace.rate(Family.DICTIONARY)
        print(f"in the background at {name}: {took / done * 1e6:.2f} µs a read, following {followed:.3g} of the keys")


def stored() -> float:
    """Bytes a read, with rows, indexes and all."""
    trace, drawn = AccessTrace(b"k" * 32), np.random.default_rng(4)
    with database() as (pool, _url):
        writer, sequence, reads, process = PostgresTelemetryWriter(pool), 0, 0, uuid4()
        for flush in range(86_400 // 60):
            made = []
            for second in range(0, 60, 5):
                at = (START + timedelta(minutes=flush, seconds=second)).timestamp()
                keys = drawn.integers(0, 20_000, int(BUSY_PER_S * 5))
                made += trace.chunks([(at, Family.DICTIONARY, f"dict:w{n}", 470, 0, None) for n in keys.tolist()], 5.0, whole=False)
            reads += sum(chunk.reads for chunk in made)
            if made:
                sequence += 1
                writer.write(TelemetryBatch(process, sequence, accesses=tuple(made)))
        with pool.connection() as connection:
            row = connection.execute("SELECT pg_total_relation_size('access_chunk')").fetchone()
    return float(row[0] if row else 0) / reads


if __name__ == "__main__":
    raise SystemExit(main())
