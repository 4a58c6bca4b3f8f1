"""Latency: percentiles of each tier against its budget, their course, and how long the servers themselves take."""

from collections.abc import Sequence

import streamlit as st

from dashboard.charts.over_time import ChartLine, lines
from dashboard.charts.spans import spreads
from dashboard.charts.theme import colour_of
from dashboard.components import compare, empty, figure, table
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views.around_mark import around
from dashboard.views.latency import QUANTILES, LatencyView, Spread
from dashboard.views.latency import told as failed
from dashboard.views.names import family_label, tier_label
from prosepolish_core.calc import numbers

from . import around_mark, commands

HELP = "95 of 100 calls took at most this long. Histogram buckets are added over the window first; percentiles are never averaged."


def draw(view: LatencyView) -> None:
    """The whole page; without a lookup, only how to bring some."""
    trust_line(view.trust)
    if not view.tiers:
        empty.no_lookups()
        return
    tiles(
        [
            Tile(
                f"{tier_label(s.tier)} p95",
                numbers.duration(s.p95),
                f"budget {numbers.duration(s.budget_s)}{failed(s)}",
                HELP,
                change=compare.change(view, lambda v, tier=s.tier: v.p95_of(tier)),  # type: ignore[misc]
            )
            for s in view.tiers
        ]
    )
    st.subheader("How far are the slowest from the usual?", anchor=False)
    told = ", ".join(f"{tier_label(s.tier)} p50 {numbers.duration(s.p50)} p99 {numbers.duration(s.p99)}" for s in view.tiers)
    figure.show(spreads(view.tiers), key="spreads", alt=f"Latency per tier over the window: {told}")
    _course(view)
    around_mark.draw(around(view.rows, view.marks))
    _percentiles(view.families)
    commands.draw(view.commands)


def _course(view: LatencyView) -> None:
    st.subheader("How did it change?", anchor=False)
    name = st.segmented_control("Percentile", list(QUANTILES), default="p95", required=True, key="percentile", bind="query-params")
    name = name if name in QUANTILES else "p95"

    def of(one: LatencyView) -> list[ChartLine]:
        return [ChartLine(tier_label(line.tier), line.ts, line.of[name], colour_of(line.tier)) for line in one.lines]

    traces = compare.overlaid(view, of)
    chart = lines(traces, unit="seconds", window=view.window, marks=view.marks, log=True, height=300)
    figure.show(chart, key=f"percentiles-{name}", alt=f"{name} of each tier over time, on a logarithmic axis")


def _percentiles(rows: Sequence[Spread]) -> None:
    st.subheader("The numbers behind it", anchor=False)
    table.show(
        [
            {
                "tier": tier_label(s.tier),
                "key family": family_label(s.family),
                "calls": numbers.count(s.calls),
                "failed": numbers.percent(s.failing),
                "p50": numbers.duration(s.p50),
                "p95": numbers.duration(s.p95),
                "p99": numbers.duration(s.p99),
                "mean": numbers.duration(s.mean),
            }
            for s in rows
        ],
        key="latency-table",
        alt="Percentiles per tier and key family over the window",
    )
