"""The stored chunks of an access trace as the reads of one window, at one share of keys per family."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...model.access import unpacked
from ...model.counts import AccessChunk
from ...model.whatif import TTL_S
from ...model.window import Window
from .entry_bytes import entry_bytes
from .reads import KEY_SPACE, Array, Reads, sorted_reads

#: Reads that are played at most; of more, fewer keys are followed. Of policies that are played read by read, fewer.
MOST_READS, FEW_READS = 1_000_000, 50_000
#: Values live between 90 and 100 % of their time to live, so that they do not all end at once.
JITTER = 0.1


class Trace(NamedTuple):
    """Reads, and the share of each family's keys they stand for.

    The bytes of a read are those that it and the keys not followed take together. `first_ms` is when the first read of
    each family was recorded.
    """

    reads: Reads
    rates: Mapping[str, float]
    first_ms: Mapping[str, int]


def from_chunks(chunks: Sequence[AccessChunk], window: Window, allocator: str = "jemalloc", most: int = MOST_READS) -> Trace:
    """All chunks of families that are known; each family at the smallest share that any of its chunks has."""
    families = tuple(family for family in TTL_S if any(chunk.family == family for chunk in chunks))
    found = [_columns([chunk for chunk in chunks if chunk.family == family], window) for family in families]
    rates = [min(chunk.rate for chunk in chunks if chunk.family == family) for family in families]
    found = [_under(columns, rate) for columns, rate in zip(found, rates, strict=True)]
    while sum(len(columns["at"]) for columns in found) > most:
        largest = max(range(len(found)), key=lambda n: len(found[n]["at"]))
        rates[largest] /= 2
        found[largest] = _under(found[largest], rates[largest])
    for n, (family, columns) in enumerate(zip(families, found, strict=True)):
        columns["bytes"] = entry_bytes(columns.pop("size"), family, allocator) / rates[n]
        columns["family"] = np.full(len(columns["at"]), n, np.int8)
    joined = {name: np.concatenate([columns[name] for columns in found]) for name in found[0]} if found else _NOTHING
    order = np.argsort(joined["at"], kind="stable")
    reads = sorted_reads(
        families,
        {name: column[order] for name, column in joined.items()},
        span_ms=max(1, round(window.seconds * 1000)),
        limits=[round(rate * KEY_SPACE) for rate in rates],
        jitter=JITTER,
    )
    first = {family: int(columns["at"].min(initial=reads.span_ms)) for family, columns in zip(families, found, strict=True)}
    return Trace(reads, dict(zip(families, rates, strict=True)), first)


_NOTHING: dict[str, Array] = {name: np.zeros(0) for name in ("key", "at", "source", "usd", "bytes", "family")}


def _columns(chunks: Sequence[AccessChunk], window: Window) -> dict[str, Array]:
    parts = []
    for chunk in chunks:
        part = unpacked(chunk.records)
        part["at"] = part.pop("ms") + round((chunk.ts - window.start).total_seconds() * 1000)
        parts.append(part)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    inside = (joined["at"] >= 0) & (joined["at"] < window.seconds * 1000)
    return {name: column[inside] for name, column in joined.items()}


def _under(columns: dict[str, Array], rate: float) -> dict[str, Array]:
    """Reads of keys under the threshold."""
    if rate >= 1:
        return columns
    chosen = columns["key"] < np.uint64(rate * KEY_SPACE)
    return {name: column[chosen] for name, column in columns.items()}
