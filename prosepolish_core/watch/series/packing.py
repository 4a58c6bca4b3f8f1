"""Packing of runs: values as small differences from a frame, rows as PostgreSQL's binary COPY.

Exact, or stored in full.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

#: A frame is replaced after this many runs, so that slow movers become equal to the frame again.
FRAME_RUNS = 360
#: Decimal places that servers print: none, hundredths, thousandths, millionths.
SCALES = (1.0, 1e2, 1e3, 1e6)
#: Head and end of a binary COPY stream.
COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
EPOCH_S = int(EPOCH.timestamp())

_INT4, _FLOAT8 = 23, 701
_WIDEST_INT4 = 2.0**31 - 1
_NULL = b"\xff\xff\xff\xff"


@dataclass(slots=True)
class Frame:
    """What some hundred runs of one stream are written against. Immutable once stored; only `runs` counts on."""

    id: int
    stream: int
    layout: int
    day: date
    base: Numbers
    scale: Numbers
    state: Mapping[str, str]
    runs: int = field(default=0)

    @property
    def identity(self) -> str:
        """The process that was read; a frame never spans two of them."""
        return self.state.get("run_id", "")

    def fits(self, layout: int, day: date, state: Mapping[str, str]) -> bool:
        """Whether a run of this layout, day and process may be written against this frame."""
        return layout == self.layout and day == self.day and self.runs < FRAME_RUNS and state.get("run_id", "") == self.identity


def decimals(values: Numbers) -> Numbers:
    """The smallest scale that makes each value a whole number; 1 where none does."""
    found = np.ones_like(values)
    open_ = np.isfinite(values)
    with np.errstate(invalid="ignore", over="ignore"):
        for scale in SCALES:
            whole = np.rint(values * scale)
            fits = open_ & (np.abs(whole) < 2.0**53) & (whole / scale == values)
            found[fits] = scale
            open_ &= ~fits
    return found


def base_of(values: Numbers, scale: Numbers) -> Numbers:
    """The base of a frame whose first run has these values:
    whole numbers of the scale, the value itself where none fits.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(values * scale)
        base: Numbers = np.where(np.isfinite(values), np.where(whole / scale == values, whole, values), 0.0)
    return base


def split(values: Numbers, base: Numbers, scale: Numbers) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """(whole-number difference from the base, mask of values that need their full width). Exact by construction."""
    with np.errstate(invalid="ignore", over="ignore"):
        delta = np.rint(values * scale) - base
        narrow = (np.abs(delta) <= _WIDEST_INT4) & (np.rint(delta) == delta) & ((base + delta) / scale == values)
        same = base / scale == values
    delta[~narrow | same] = 0.0
    return delta.astype(np.int32), ~(narrow | same)


def join(delta: Numbers, wide: Numbers, base: Numbers, scale: Numbers) -> Numbers:
    """Values back from what `split` gave; `wide` is minus infinity where the value is narrow."""
    values: Numbers = np.where(np.isneginf(wide), (base + delta) / scale, wide)
    return values


def int_array(delta: npt.NDArray[np.int32]) -> bytes | None:
    """A sparse integer[] in binary form: null for 0, cut after the last other value; None when all are 0."""
    nonzero = np.flatnonzero(delta)
    if not len(nonzero):
        return None
    size = int(nonzero[-1]) + 1
    words = np.full(size + len(nonzero), -1, dtype=">i4")
    at = nonzero + np.arange(len(nonzero))
    words[at] = 4
    words[at + 1] = delta[nonzero]
    return struct.pack("!iiiii", 1, int(len(nonzero) < size), _INT4, size, 1) + words.tobytes()


def float_array(values: Numbers, keep: npt.NDArray[np.bool_] | None = None) -> bytes | None:
    """A double precision[] in binary form; with `keep`, null elsewhere and cut after the last kept value."""
    kept = np.arange(len(values)) if keep is None else np.flatnonzero(keep)
    if not len(kept):
        return None
    size = int(kept[-1]) + 1
    words = np.full(size + 2 * len(kept), -1, dtype=">i4")
    at = kept + 2 * np.arange(len(kept))
    words[at] = 8
    pairs = values[kept].astype(">f8").view(">i4").reshape(-1, 2)
    words[at + 1], words[at + 2] = pairs[:, 0], pairs[:, 1]
    return struct.pack("!iiiii", 1, int(len(kept) < size), _FLOAT8, size, 1) + words.tobytes()


def micros(instant: datetime) -> int:
    """A timestamptz in binary form: microseconds since 2000."""
    passed = instant - EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def run_row(
    tick: int,
    ts: datetime,
    frame: int | None,
    stream: int,
    duration_s: float,
    outcome: bytes,
    rest: tuple[bytes | None, bytes | None, bytes | None, bytes | None],
) -> bytes:
    """One row of `sample_run` (columns in table order) for a binary COPY; `rest` is detail, delta, wide and state."""
    head = struct.pack("!hiqiq", 10, 8, (tick - EPOCH_S) * 1_000_000, 8, micros(ts))
    middle = _NULL if frame is None else struct.pack("!iq", 8, frame)
    fixed = struct.pack("!iiifi1s", 4, stream, 4, duration_s, 1, outcome)
    return head + middle + fixed + _fields(rest)


def frame_row(frame: Frame, state: bytes, base: bytes | None, scale: bytes | None) -> bytes:
    """One row of `sample_frame` (columns in table order) for a binary COPY."""
    day = (frame.day - EPOCH.date()).days
    return struct.pack("!hiqiiiiii", 7, 8, frame.id, 4, frame.stream, 4, frame.layout, 4, day) + _fields((state, base, scale))


def _fields(parts: tuple[bytes | None, ...]) -> bytes:
    return b"".join(_NULL if part is None else struct.pack("!i", len(part)) + part for part in parts)
