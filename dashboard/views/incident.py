"""One incident: its report, and charts around the moment, read at a resolution that is kept for a month and longer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from prosepolish_core import Core
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.counts import LookupCounts
from prosepolish_core.model.outcome import FAILED
from prosepolish_core.model.series import GaugeSeries, Instants, Mark, Numbers
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.incident_report import IncidentReport, concerning, read, sources
from prosepolish_core.watch.alerts.rules import BY_NAME

from . import counts

#: Shown before the beginning and after the end, and seconds of a bucket: minutes are kept longer than what is finer.
BEFORE, AFTER, BUCKET_S = timedelta(minutes=30), timedelta(minutes=15), 60
#: Buckets of a chart at most; a long incident has wider ones.
MOST_BUCKETS = 360
#: What is drawn of a server.
GAUGES = ("used_memory", "connected_clients")


@dataclass(frozen=True, slots=True)
class Buckets:
    """Calls of each bucket, which is so many seconds wide; `ts` are their middles.

    By the tier that answered, without an answer, and the mean seconds of a call.
    """

    width_s: float
    ts: Instants
    answered: dict[str, Numbers]
    failed: Numbers
    mean_s: Numbers


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Everything the page of one incident shows; `report` is None where there is none of this id."""

    report: IncidentReport | None
    window: Window
    calls: Buckets
    paid_ts: Instants
    paid: Numbers
    gauges: tuple[GaugeSeries, ...]
    marks: tuple[Mark, ...]


def build(core: Core, name: str, now: datetime | None = None) -> IncidentView:
    """Read and compute. Raises StoreUnavailable."""
    at = now or datetime.now(UTC)
    try:
        report = read(core.alerts, core.samples, core.telemetry, BY_NAME, name, at)
    except InvalidInput:
        nothing = np.array([], dtype="datetime64[ms]")
        calls = Buckets(BUCKET_S, nothing, {}, np.array([]), np.array([]))
        return IncidentView(None, Window.last(BUCKET_S, at), calls, nothing, np.array([]), (), ())
    window = around(report, at)
    points = round(window.seconds / BUCKET_S)
    rows = core.telemetry.lookups(window, min(points, MOST_BUCKETS))
    ledger = [row for row in core.telemetry.ledger(window, min(points, MOST_BUCKETS)) if row.kind == "paid"]
    instants = sorted({row.ts for row in ledger})
    gauges = [
        series
        for source in sources(report.incident)
        for series in core.samples.gauges(GAUGES, window, min(points, MOST_BUCKETS), source)
    ]
    return IncidentView(
        report,
        window,
        buckets(rows),
        _middles(instants),
        np.array([float(sum(row.calls for row in ledger if row.ts == ts)) for ts in instants]),
        tuple(gauges),
        tuple(concerning(report.incident, core.samples.marks(window))),
    )


def around(report: IncidentReport, now: datetime) -> Window:
    """From half an hour before to a quarter after, in whole minutes: the same minutes whenever it is read."""
    start = _minute((report.began - BEFORE).timestamp())
    until = now.timestamp() if report.ended is None else (report.ended + AFTER).timestamp()
    return Window(start, _minute(max(until, start.timestamp() + BUCKET_S)))


def buckets(rows: Sequence[LookupCounts]) -> Buckets:
    """The counts of each bucket."""
    instants = sorted({row.ts for row in rows})
    at = {ts: i for i, ts in enumerate(instants)}
    answered = {tier: np.zeros(len(instants)) for tier in counts.ORDER if any(row.tier == tier and row.answers for row in rows)}
    failed, seconds, calls = (np.zeros(len(instants)) for _ in range(3))
    for row in rows:
        seconds[at[row.ts]] += row.sum_s
        calls[at[row.ts]] += row.answers
        if row.outcome in FAILED:
            failed[at[row.ts]] += row.answers
        elif row.answers:
            answered[row.tier][at[row.ts]] += row.answers
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(calls > 0, seconds / calls, np.nan)
    return Buckets(_width_s(instants), _middles(instants), answered, failed, mean)


def _minute(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds // BUCKET_S * BUCKET_S, UTC)


def _width_s(instants: Sequence[datetime]) -> float:
    return min(((b - a).total_seconds() for a, b in pairwise(instants)), default=float(BUCKET_S))


def _middles(instants: Sequence[datetime]) -> Instants:
    """A bar stands on its middle: marks lie where they belong among them."""
    half = timedelta(seconds=_width_s(instants) / 2)
    return np.array([(ts + half).astimezone(UTC).replace(tzinfo=None) for ts in instants], dtype="datetime64[ms]")
