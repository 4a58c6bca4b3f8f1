"""Lookup counts as a frame: one row per bucket, family, tier and outcome,
with what counts as a hit and what as a failure.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from prosepolish_core.model.counts import LookupCounts
from prosepolish_core.model.outcome import FAILED, HITS, Outcome, Tier
from prosepolish_core.model.series import Instants, Numbers
from prosepolish_core.model.window import Window

ORDER = [tier.value for tier in Tier]
#: The newest counts are still being flushed: a bucket is drawn only this long after its end.
SETTLE_S = 12.0


def frame(rows: Sequence[LookupCounts]) -> pd.DataFrame:
    """The rows with `hits` (the tier itself had it: found, known to be unknown, or stale), `misses` (it had not;
    of them `waited`, where another caller's load was waited for) and `failures`, all in steps.
    """
    found = pd.DataFrame(rows, columns=list(LookupCounts._fields))
    found["ts"] = pd.to_datetime(found["ts"], utc=True)
    answered, failed = found["outcome"].isin(HITS), found["outcome"].isin(FAILED)
    found["hits"] = found["steps"].where(answered, 0)
    found["failures"] = found["steps"].where(failed, 0)
    found["misses"] = found["steps"].where(~answered & ~failed, 0)
    found["waited"] = found["steps"].where(found["outcome"] == Outcome.COALESCED, 0)
    return found


def width_s(found: pd.DataFrame) -> float:
    """Seconds between two buckets, read off the data; 0 when fewer than two buckets hold a count."""
    instants = np.unique(found["ts"].dt.tz_convert(None).to_numpy().astype("datetime64[s]"))
    return float(np.diff(instants).min().astype(np.int64)) if len(instants) > 1 else 0.0


def buckets(found: pd.DataFrame, window: Window) -> pd.DatetimeIndex:
    """Every whole, settled bucket from the first count on: where nothing was counted, nothing happened."""
    width = width_s(found)
    if not width:
        return pd.DatetimeIndex([], tz="UTC")
    first = found["ts"].min()
    if first < pd.Timestamp(window.start):
        first += pd.Timedelta(seconds=width)
    last = pd.Timestamp(window.end) - pd.Timedelta(seconds=width + min(SETTLE_S, width))
    return pd.date_range(first, last, freq=pd.Timedelta(seconds=width)) if first <= last else pd.DatetimeIndex([], tz="UTC")


def instants(index: pd.DatetimeIndex) -> Instants:
    """The buckets as naive UTC, as figures want them."""
    return index.tz_convert(None).to_numpy().astype("datetime64[ms]")


def per_bucket(found: pd.DataFrame, column: str, window: Window) -> tuple[pd.DatetimeIndex, Numbers]:
    """A column summed per whole bucket, zero where nothing was counted."""
    index = buckets(found, window)
    summed = found.groupby("ts")[column].sum().reindex(index, fill_value=0)
    return index, summed.to_numpy(dtype=float)
