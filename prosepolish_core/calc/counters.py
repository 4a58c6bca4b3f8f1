"""Counters over time: increases that survive resets, and what kind of reset a fall was."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Reset(StrEnum):
    """Why counters began again."""

    RESTART = "restart"
    RESETSTAT = "resetstat"
    FAILOVER = "failover"
    SWAP = "swap"


#: Counters that the observer keeps about a source: they live and begin again with the collector, not with the source.
OBSERVERS = ("collector_", "attributed_", "slowlog_seen", "slowlog_missed")


def of_observer(metric: str) -> bool:
    """Whether a counter lives in the collector's process and not in the process that is observed."""
    return metric.startswith(OBSERVERS)


def increases(values: Numbers, other_process: Flags | None = None, share: Numbers | None = None) -> Numbers:
    """The increase up to each value; the first one has none (0). Several counters may stand side by side.

    A counter that fell began again at 0, so its new value is what is known to have happened since: it is counted, never
    a negative number and never nothing. `other_process[i]` says that value i was read from another process than value
    i-1: then the two numbers are unrelated, whether it fell or not, and `share[i]` (0-1) of the new value is counted,
    the part of that process's life that lies in the interval (see `life_share`).
    """
    if not len(values):
        return np.empty(0)
    grown = np.empty_like(values)
    grown[0] = 0.0
    grown[1:] = np.diff(values, axis=0)
    fell = grown < 0
    grown[fell] = values[fell]
    if other_process is not None:
        part = np.ones_like(values) if share is None else share
        known: Flags = np.asarray(other_process & ~np.isnan(part))
        grown[known] = (values * part)[known]
        grown[0] = 0.0
    return np.maximum(grown, 0.0)


def life_share(elapsed_s: Numbers, uptime_s: Numbers) -> Numbers:
    """Which part of a process's life lies in the interval before each sample:
    1 when it started inside, NaN when unknown.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        # A second of slack: servers report whole seconds of uptime.
        share: Numbers = np.where(uptime_s <= elapsed_s + 1.0, 1.0, elapsed_s / uptime_s)
    share[np.isnan(uptime_s)] = np.nan
    return share


def absent_is_zero(matrix: Numbers) -> Numbers:
    """Labelled counters of one metric, runs down, labels across: NaN becomes 0 in runs where a sibling was read.

    Servers create such counters at their first use and remove them at a reset, so absence beside a sibling means 0.
    """
    filled = matrix.copy()
    read = np.asarray(~np.isnan(matrix)).any(axis=1, keepdims=True)
    filled[np.isnan(matrix) & read] = 0.0
    return filled


def classify(
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    fell: bool,
    uptime_before_s: float | None = None,
    uptime_after_s: float | None = None,
    elapsed_s: float = 0.0,
) -> Reset | None:
    """What happened between two runs of one source, from the strings and the uptime they read; None when nothing did.

    Another `run_id` is another process: a restart when it is younger than the interval, a failover when it takes part
    in the same replication history, else another server behind the same address. The same process whose counters fell
    had them reset. Where no `run_id` is given, an uptime that fell tells of a restart.
    """
    old, new = before.get("run_id", ""), after.get("run_id", "")
    younger = uptime_before_s is not None and uptime_after_s is not None and uptime_after_s < uptime_before_s
    if not (old and new):
        return Reset.RESTART if younger else Reset.RESETSTAT if fell else None
    if old == new:
        return Reset.RESETSTAT if fell else None
    if uptime_after_s is not None and uptime_after_s <= elapsed_s + 1.0:
        return Reset.RESTART
    if _same_history(before, after):
        return Reset.FAILOVER
    return Reset.RESTART if uptime_after_s is None else Reset.SWAP


def _same_history(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    ids = {before.get(k, "") for k in ("master_replid", "master_replid2")} - {"", "0" * 40}
    return bool(ids & {after.get(k, "") for k in ("master_replid", "master_replid2")})
