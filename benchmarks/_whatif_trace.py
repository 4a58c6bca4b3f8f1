"""Simulated days of a writing assistant: words, users and documents that grow, with bytes and prices; seeded."""

from dataclasses import dataclass

import numpy as np

from prosepolish_core.model.access import Source
from prosepolish_core.watch.counts.access import AccessTrace, Read

HOUR_MS = 3_600_000
FAMILIES = ("dict", "llm", "user")


@dataclass(frozen=True)
class SimulatedReads:
    """Columns in the order of time. `at` is milliseconds; `key` the text of the key; `usd` what a call would cost."""

    at: np.ndarray
    family: np.ndarray
    key: list[str]
    bytes: np.ndarray
    usd: np.ndarray
    span_ms: int

    def __len__(self) -> int:
        return len(self.key)


def simulated(reads: int, hours: float, seed: int = 12) -> SimulatedReads:
    """60 % words (Zipf 0.9 over a third as many words), 25 % corrections, 15 % users; busy days, quiet nights."""
    drawn = np.random.default_rng(seed)
    span_ms = int(hours * HOUR_MS)
    at = _by_day(drawn, reads, span_ms)
    family = drawn.choice(3, reads, p=(0.6, 0.25, 0.15))
    number = np.zeros(reads, np.int64)
    for which, keys, skew in ((0, max(50, reads // 30), 1.0), (2, max(10, reads // 600), 0.8)):
        chosen = np.flatnonzero(family == which)
        share = 1 / np.arange(1, keys + 1) ** skew
        number[chosen] = drawn.choice(keys, len(chosen), p=share / share.sum())
    number[family == 1] = _texts(drawn, int((family == 1).sum()))
    sizes = {0: drawn.lognormal(6.2, 0.5, reads), 1: drawn.lognormal(7.3, 0.6, reads), 2: drawn.lognormal(5.5, 0.5, reads)}
    size, usd = np.zeros(reads, np.int64), np.full(reads, np.nan)
    for which in range(3):
        chosen = family == which
        size[chosen] = np.clip(sizes[which][number[chosen] % reads], 80, 9_000).astype(np.int64)
    usd[family == 1] = 0.00008 + size[family == 1] * 2.4e-7
    names = ("dict:w{}", "llm:correct:{:032x}", "user:{}")
    key = [names[f].format(n) for f, n in zip(family.tolist(), number.tolist(), strict=True)]
    return SimulatedReads(at, family, key, size, usd, span_ms)


def _by_day(drawn: np.random.Generator, reads: int, span_ms: int) -> np.ndarray:
    """Instants with a rhythm: four times as busy at three in the afternoon as at three at night."""
    at = drawn.random(reads * 3) * span_ms
    busy = 0.625 - 0.375 * np.cos((at / HOUR_MS - 3) / 24 * 2 * np.pi)
    at = at[drawn.random(len(at)) < busy][:reads]
    while len(at) < reads:
        at = np.append(at, drawn.random(reads - len(at)) * span_ms)
    return np.sort(at).astype(np.int64)


def _texts(drawn: np.random.Generator, reads: int) -> np.ndarray:
    """Texts come again soon (a document is looked at again) or after a long while (a template): else they are new."""
    found = np.zeros(reads, np.int64)
    new = 0
    back = np.exp(drawn.uniform(0, np.log(max(reads, 2)), reads)).astype(np.int64)
    again = drawn.random(reads) < 0.42
    for n in range(reads):
        if again[n] and back[n] <= n:
            found[n] = found[n - back[n]]
        else:
            found[n], new = new, new + 1
    return found


def traced(reads: SimulatedReads, secret: bytes = b"k" * 32, processes: int = 1) -> list:
    """The chunks that the recorder's trace would make of them."""
    from prosepolish_core.model.outcome import Family

    kinds = [Family(name) for name in FAMILIES]
    trace, chunks, batch, until = AccessTrace(secret, processes), [], [], 0.0
    for at, family, key, size, usd in zip(
        (reads.at / 1000).tolist(), reads.family.tolist(), reads.key, reads.bytes.tolist(), reads.usd.tolist(), strict=True
    ):
        if at >= until:
            chunks += trace.chunks(batch, 60.0, whole=False)
            batch, until = [], at + 60
        read: Read = (at, kinds[family], key, size, int(Source.REDIS), None if usd != usd else usd)  # type: ignore[assignment]
        batch.append(read)
    return chunks + trace.chunks(batch, 60.0)
