"""One sampled key read, packed into 14 bytes: whose key (48 bits of a keyed hash), when, who answered, bytes, price."""

from decimal import Decimal
from enum import IntEnum
from math import exp, log
from typing import Any

import numpy as np
import numpy.typing as npt

from .outcome import Outcome, Tier, TraceStep

#: `when` holds milliseconds since the chunk began (28 bits) and who answered (4 bits). Bytes are those of key and value
#: together as they lie in Redis; 0: nothing was kept.
RECORD = np.dtype([("low", "<u4"), ("high", "<u2"), ("when", "<u4"), ("size", "<u2"), ("cost", "<u2")])
KEY_BITS, SOURCE_BITS = 48, 4
MOST_MS, MOST_SIZE, MOST_COST = (1 << 28) - 1, 0xFFFF, 0xFFFF
#: The price of a call is kept as its logarithm: 65,535 steps of 0.03 % from a ten-millionth of a dollar on.
LEAST_USD, STEP = 1e-7, 3e-4
Packed = npt.NDArray[np.void]


class Source(IntEnum):
    """Who answered a read: a tier, with an entry or (ABSENT added) with "there is none"; or what befell the key."""

    REDIS = 0
    POSTGRES = 1
    DICTIONARY_API = 2
    GEMINI = 3
    ABSENT = 4
    #: Another caller's load was waited for.
    SHARED = 8
    #: Not a read: the key was dropped, because what lies below had changed.
    DROPPED = 9


#: Tiers in the order of their codes.
TIERS = (Tier.REDIS, Tier.POSTGRES, Tier.DICTIONARY_API, Tier.GEMINI)
_CODES = {tier: code for code, tier in enumerate(TIERS)}


def source_of(step: TraceStep) -> int:
    """Who answered, by the deciding step of a call: a Source, as a plain number."""
    if step.detail == "coalesced":
        return 8
    return _CODES[step.tier] + (0 if step.outcome in _ENTRY else 4)


_ENTRY = frozenset({Outcome.HIT, Outcome.STALE_HIT})


def cost_code(usd: Decimal | float | None) -> int:
    """A price as it is packed; 0 is unknown or nothing."""
    return 0 if not usd or usd <= 0 else min(max(round(log(float(usd) / LEAST_USD) / STEP) + 1, 1), MOST_COST)


def usd_of(code: int) -> float | None:
    """What `cost_code` was given, to 0.02 %."""
    return None if code == 0 else LEAST_USD * exp((code - 1) * STEP)


def packed(rows: list[tuple[int, float, int, int, int]], first: float) -> bytes:
    """Rows of (64-bit number of the key, instant, bytes, source, cost code), the instants counted from `first`."""
    numbers, instants, sizes, sources, costs = zip(*rows, strict=True)
    keys = np.array(numbers, dtype=np.uint64) >> np.uint64(64 - KEY_BITS)
    ms = np.rint((np.array(instants) - first) * 1000).clip(0, MOST_MS).astype(np.uint32)
    table = np.empty(len(rows), dtype=RECORD)
    table["low"] = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    table["high"] = (keys >> np.uint64(32)).astype(np.uint16)
    table["when"] = (ms << np.uint32(SOURCE_BITS)) | np.array(sources, dtype=np.uint32)
    table["size"] = np.minimum(np.array(sizes), MOST_SIZE)
    table["cost"] = costs
    return table.tobytes()


def unpacked(records: bytes) -> dict[str, npt.NDArray[Any]]:
    """Columns: `key` (the top 48 bits of its number), `ms`, `source`, `size`, `usd` (NaN: unknown)."""
    table = np.frombuffer(records, dtype=RECORD)
    usd = LEAST_USD * np.exp((table["cost"].astype(float) - 1) * STEP)
    return {
        "key": table["low"].astype(np.uint64) | (table["high"].astype(np.uint64) << np.uint64(32)),
        "ms": (table["when"] >> np.uint32(SOURCE_BITS)).astype(np.int64),
        "source": (table["when"] & np.uint32(15)).astype(np.int8),
        "size": table["size"].astype(np.int64),
        "usd": np.where(table["cost"] == 0, np.nan, usd),
    }
