"""Collectors: do they run on time, what do they cost, what may they not read, and what went wrong last."""

from collections.abc import Sequence
from math import isfinite

import streamlit as st

from dashboard.charts.over_time import ChartLine, lines
from dashboard.charts.theme import PALETTE
from dashboard.components import empty, figure, table, window
from dashboard.components.foreign_text import plain
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views.collectors import CollectorRow, CollectorsView
from prosepolish_core.calc import numbers
from prosepolish_core.model.series import RunRow

from . import capabilities, footprint

HELP_STOPPED = "Collectors whose newest run is older than three of their intervals, each counted per source."
HELP_COST = "Server time our own connections caused, as the footprint ledger counts it, over the window."


def draw(view: CollectorsView) -> None:
    """The whole page; where no collector ran, how to start one."""
    trust_line(view.trust)
    if not view.rows:
        empty.empty(
            "No collector has run in this window.",
            "Collectors are a process of their own, so that they go on when nobody looks at a page.",
            "python -m collectors",
        )
        return
    runs, failures = sum(r.runs for r in view.rows), sum(r.failures for r in view.rows)
    tiles(
        [
            Tile("Runs", numbers.count(runs), f"in {window.chosen().words}"),
            Tile("Failures", numbers.count(failures), numbers.percent(failures / runs, 2)),
            Tile("Stopped", numbers.count(sum(r.stopped for r in view.rows)), f"of {len(view.rows)}", HELP_STOPPED),
            Tile("Slowest p95", numbers.duration(max((r.p95_s for r in view.rows if isfinite(r.p95_s)), default=None)), "of a run"),
            *_spool(view),
            *_cost(view),
        ],
        columns=3,
    )
    _runs(view.rows)
    footprint.draw(view.footprint)
    capabilities.draw(view.lacking)
    for source, told in view.new_fields:
        st.caption(f"{plain(source)} tells of fields this version does not know; they are kept as gauges: {plain(told)}.")
    _durations(view)
    _failures(view.failures)


def _spool(view: CollectorsView) -> list[Tile]:
    found = [r for r in view.own if r.unit == "bytes"]
    return (
        [Tile("Spool", numbers.size(sum(r.value for r in found)), "waiting on disk", "Runs kept on disk while PostgreSQL is away.")]
        if found
        else []
    )


def _cost(view: CollectorsView) -> list[Tile]:
    if view.footprint.time is None:
        return []
    return [Tile("Our cost", numbers.percent(view.footprint.time, 3), "of the servers' time", HELP_COST)]


def _runs(rows: Sequence[CollectorRow]) -> None:
    st.subheader("Does each collector run on time?", anchor=False)
    table.show(
        [
            {
                "collector": r.collector,
                "source": r.source,
                "runs": numbers.count(r.runs),
                "failures": numbers.count(r.failures),
                "coverage": numbers.percent(r.coverage),
                "newest": f"{numbers.age(r.age_s)} ago" + (", stopped" if r.stopped else ""),
                "kept after": numbers.duration(r.lag_s),
                "p50": numbers.duration(r.p50_s),
                "p95": numbers.duration(r.p95_s),
                "samples a run": numbers.count(r.samples),
                "last outcome": f"stopped after {r.last_outcome}" if r.stopped else f"{r.last_outcome} {r.last_detail}".strip(),
            }
            for r in rows
        ],
        key="collectors-table",
        alt="Runs, failures, coverage and duration per collector and source",
    )


def _durations(view: CollectorsView) -> None:
    st.subheader("How long does a run take?", anchor=False)
    traces = [ChartLine(d.name, d.ts, d.seconds, PALETTE[i % len(PALETTE)]) for i, d in enumerate(view.slowest)]
    chart = lines(traces, unit="seconds", window=view.window, marks=view.marks, height=320)
    figure.show(chart, key="durations", alt="Duration of each collector's runs over time")


def _failures(failures: Sequence[RunRow]) -> None:
    st.subheader("What went wrong last?", anchor=False)
    if not failures:
        st.caption("No run failed in this window.")
        return
    table.show(
        [
            {
                "at (UTC)": f"{run.ts:%Y-%m-%d %H:%M:%S}",
                "collector": run.collector,
                "source": run.source,
                "outcome": run.outcome,
                "detail": run.detail,
            }
            for run in failures
        ],
        key="failures-table",
        alt="The newest failed runs",
    )
