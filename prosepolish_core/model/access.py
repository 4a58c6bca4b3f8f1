"""One sampled key read, packed into 14 bytes: whose key (48 bits of a keyed hash), when, who answered, bytes, price."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from math import exp, log
from struct import Struct
from typing import TYPE_CHECKING, Any

from .outcome import Outcome, Tier, TraceStep

if TYPE_CHECKING:  # a service notes reads without numpy; whoever reads them back has it
    import numpy.typing as npt

#: `when` holds milliseconds since the chunk began (28 bits) and who answered (4 bits). Bytes are those of key and value
#: together as they lie in Redis; 0: nothing was kept.
RECORD = Struct("<IHIHH")
_COLUMNS = [("low", "<u4"), ("high", "<u2"), ("when", "<u4"), ("size", "<u2"), ("cost", "<u2")]
KEY_BITS, SOURCE_BITS = 48, 4
MOST_MS, MOST_SIZE, MOST_COST = (1 << 28) - 1, 0xFFFF, 0xFFFF
#: The price of a call is kept as its logarithm: 65,535 steps of 0.03 % from a ten-millionth of a dollar on.
LEAST_USD, STEP = 1e-7, 3e-4


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
    records = bytearray(RECORD.size * len(rows))
    for place, (number, instant, size, source, cost) in enumerate(rows):
        key = number >> (64 - KEY_BITS)
        ms = min(max(round((instant - first) * 1000), 0), MOST_MS)
        when = ms << SOURCE_BITS | source
        RECORD.pack_into(records, place * RECORD.size, key & 0xFFFFFFFF, key >> 32, when, min(size, MOST_SIZE), cost)
    return bytes(records)


def unpacked(records: bytes) -> dict[str, npt.NDArray[Any]]:
    """Columns: `key` (the top 48 bits of its number), `ms`, `source`, `size`, `usd` (NaN: unknown)."""
    import numpy as np

    table = np.frombuffer(records, dtype=np.dtype(_COLUMNS))
    usd = LEAST_USD * np.exp((table["cost"].astype(float) - 1) * STEP)
    return {
        "key": table["low"].astype(np.uint64) | (table["high"].astype(np.uint64) << np.uint64(32)),
        "ms": (table["when"] >> np.uint32(SOURCE_BITS)).astype(np.int64),
        "source": (table["when"] & np.uint32(15)).astype(np.int8),
        "size": table["size"].astype(np.int64),
        "usd": np.where(table["cost"] == 0, np.nan, usd),
    }
