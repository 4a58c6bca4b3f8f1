"""The core's counts of a long stretch as one binary COPY: rows of equal length are arrays,
and none passes through Python.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from prosepolish_core.drivers.postgres_pool import Connection
from prosepolish_core.watch.series.packing import COPY_END, COPY_HEAD, EPOCH_S

from .counts import CountCourse
from .knobs import DAY_S, Numbers

_COPY = "COPY telemetry_lookup (step, ts, family, tier, outcome, steps, answers, sum_s, counts) FROM STDIN (FORMAT BINARY)"
#: Counts of ten seconds are kept for so long; those of a whole minute stand in its first ten seconds here.
FINE_S = 26 * 3600.0
_INT4 = 23


def copy_counts(connection: Connection, at: Numbers, counts: Sequence[CountCourse]) -> None:
    """Write the counts of every minute, hour, and of the newest day every ten seconds."""
    with connection.cursor().copy(_COPY) as copy:
        copy.write(COPY_HEAD)
        for rows in _rows(at, counts):
            copy.write(rows)
        copy.write(COPY_END)


def copy_buckets(connection: Connection, at: Numbers, counts: Sequence[CountCourse], width_s: int) -> None:
    """Write counts of ten seconds alone, of instants that are closer together."""
    buckets, places = np.unique(at // width_s * width_s, return_index=True)
    with connection.cursor().copy(_COPY) as copy:
        copy.write(COPY_HEAD)
        for of in counts:
            parts = (of.steps, of.answers, of.seconds, of.histogram(slice(None)))
            copy.write(_packed(width_s, of, buckets, tuple(np.add.reduceat(part, places) for part in parts)))
        copy.write(COPY_END)


def _rows(at: Numbers, counts: Sequence[CountCourse]) -> Iterator[bytes]:
    edges = [0, *(np.flatnonzero(np.diff(at // DAY_S)) + 1).tolist(), len(at)]
    for here in (slice(*pair) for pair in pairwise(edges)):  # day by day: what is read together lies together
        for of in counts:
            histogram = of.histogram(here)
            yield _packed(60, of, at[here], (of.steps[here], of.answers[here], of.seconds[here], histogram))
            recent = at[here] >= at[-1] - FINE_S
            if recent.any():
                parts = (of.steps[here][recent], of.answers[here][recent], of.seconds[here][recent], histogram[recent])
                yield _packed(10, of, at[here][recent], parts)
            hours, places = np.unique(at[here] // 3600 * 3600, return_index=True)
            added = tuple(np.add.reduceat(part[here], places) for part in (of.steps, of.answers, of.seconds))
            yield _packed(3600, of, hours, (*added, np.add.reduceat(histogram, places)))


def _packed(step: int, of: CountCourse, at: Numbers, parts: tuple[Any, ...]) -> bytes:
    """One row per instant at which anything was counted."""
    some = parts[0] > 0
    if not some.any():
        return b""
    steps, answers, seconds, histogram = (part[some] for part in parts)
    used = max(1, int(np.flatnonzero(histogram.any(axis=0)).max(initial=0)) + 1)
    rows = np.zeros(len(steps), _layout(of, used))
    texts = {"family": str(of.family), "tier": str(of.tier), "outcome": str(of.outcome)}
    values: dict[str, object] = {
        "step": step,
        "ts": ((at[some] - EPOCH_S) * 1e6).astype(np.int64),
        **{name: text.encode() for name, text in texts.items()},
        "steps": steps,
        "answers": answers,
        "sum_s": seconds,
    }
    rows["columns"] = 9
    for name, value in values.items():
        rows[f"{name}_size"] = rows.dtype[name].itemsize
        rows[name] = value
    rows["counts_size"] = 20 + 8 * used
    rows["dimensions"], rows["element"], rows["length"], rows["lower"] = 1, _INT4, used, 1
    rows["counts"]["size"] = 4
    rows["counts"]["value"] = histogram[:, :used]
    return rows.tobytes()


def _layout(of: CountCourse, used: int) -> npt.DTypeLike:
    texts = {name: f"S{len(text)}" for name, text in (("family", of.family), ("tier", of.tier), ("outcome", of.outcome))}
    kinds = {"step": ">i4", "ts": ">i8", **texts, "steps": ">i8", "answers": ">i8", "sum_s": ">f8"}
    fields: list[Any] = [("columns", ">i2")]
    for name, kind in kinds.items():
        fields += [(f"{name}_size", ">i4"), (name, kind)]
    fields += [(name, ">i4") for name in ("counts_size", "dimensions", "flags", "element", "length", "lower")]
    return np.dtype([*fields, ("counts", [("size", ">i4"), ("value", ">i4")], (used,))])
