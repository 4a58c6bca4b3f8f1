import streamlit as st

from dashboard import runtime
from dashboard.charts.over_time import Line, lines
from dashboard.charts.theme import PALETTE
from dashboard.components import empty, figure, table
from dashboard.components.live import live
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views import capabilities, collectors, footprint, numbers

HELP_LAG = "Now minus the newest run. More than three intervals means that a collector stands still."
HELP_COST = "Server time our own connections caused, as the footprint ledger counts it, over the window."


def _draw(view: collectors.CollectorsView) -> None:
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
            Tile("Runs", numbers.count(runs), "in sight" if view.complete else f"the newest {numbers.count(collectors.MOST_RUNS)}"),
            Tile("Failures", numbers.count(failures), numbers.percent(failures / runs, 2)),
            Tile("Lag", numbers.age(min(r.age_s for r in view.rows)), "since the newest run", HELP_LAG),
            Tile("Slowest p95", numbers.duration(max(r.p95_s for r in view.rows)), "of a run"),
            *_spool(view),
            *_cost(view),
        ],
        columns=3,
    )
    st.subheader("Does each collector run on time?", anchor=False)
    table.show(
        [
            {
                "collector": r.collector,
                "source": r.source,
                "runs": numbers.count(r.runs),
                "failures": numbers.count(r.failures),
                "coverage": numbers.percent(r.coverage),
                "newest": f"{numbers.age(r.age_s)} ago",
                "kept after": numbers.duration(r.lag_s),
                "p50": numbers.duration(r.p50_s),
                "p95": numbers.duration(r.p95_s),
                "samples a run": numbers.count(r.samples),
                "last outcome": f"{r.last_outcome} {r.last_detail}".strip(),
            }
            for r in view.rows
        ],
        key="collectors-table",
        alt="Runs, failures, coverage and duration per collector and source",
    )
    _draw_footprint(view.footprint)
    _draw_lacking(view.lacking)
    for source, told in view.new_fields:
        st.caption(f"{source} tells of fields this version does not know; they are kept as gauges: `{told}`.")
    st.subheader("How long does a run take?", anchor=False)
    traces = [Line(d.name, d.ts, d.seconds, PALETTE[i % len(PALETTE)]) for i, d in enumerate(view.slowest)]
    chart = lines(traces, unit="seconds", window=view.window, marks=view.marks, height=320)
    figure.show(chart, key="durations", alt="Duration of each collector's runs over time")
    st.subheader("What went wrong last?", anchor=False)
    if not view.failures:
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
            for run in view.failures
        ],
        key="failures-table",
        alt="The newest failed runs",
    )


def _spool(view: collectors.CollectorsView) -> list[Tile]:
    found = [r for r in view.own if r.unit == "bytes"]
    return (
        [Tile("Spool", numbers.size(sum(r.value for r in found)), "waiting on disk", "Runs kept on disk while PostgreSQL is away.")]
        if found
        else []
    )


def _cost(view: collectors.CollectorsView) -> list[Tile]:
    if view.footprint.time is None:
        return []
    return [Tile("Our cost", numbers.percent(view.footprint.time, 3), "of the servers' time", HELP_COST)]


def _draw_footprint(found: footprint.Footprint) -> None:
    if not found.servers:
        return
    st.subheader("What does watching cost?", anchor=False)
    for cost in found.servers:
        if cost.time is not None:
            st.caption(
                f"{cost.source}: we cost {numbers.percent(cost.time, 3)} of its time. Of {numbers.count(cost.commands)} commands "
                f"{numbers.percent(cost.share, 2)} were ours; {numbers.count(cost.others)} were not."
            )
    if found.collectors:
        table.show(
            [
                {
                    "collector": c.collector,
                    "server": c.target,
                    "calls": numbers.count(c.calls),
                    "traffic": numbers.size(c.bytes),
                    "key reads, subtracted": numbers.count(c.lookups),
                }
                for c in found.collectors
            ],
            key="footprint-table",
            alt="Calls, bytes and key reads that each collector caused on each server",
        )


def _draw_lacking(found: tuple[capabilities.Lacking, ...]) -> None:
    st.subheader("What does a server not let us read?", anchor=False)
    if not found:
        st.caption("Every command we ask for is answered.")
        return
    table.show(
        [
            {
                "server": lacking.target,
                "command": lacking.command.replace("|", " ").upper(),
                "why": lacking.reason,
                "tried again in": numbers.age(lacking.retry_s),
            }
            for lacking in found
        ],
        key="lacking-table",
        alt="Commands a server refuses, why, and when each is tried again",
    )


live("collectors", lambda window: collectors.build(runtime.samples(), window), _draw)
