"""Hit rate: each cache against its target, its course, the counts behind it, and what the servers say beside it."""

from collections.abc import Sequence

import streamlit as st

from dashboard.charts.over_time import ChartLine, lines
from dashboard.charts.spans import rates
from dashboard.charts.theme import PALETTE, colour_of
from dashboard.components import compare, empty, figure, table
from dashboard.components.trust_line import trust_line
from dashboard.views.hit_rate import HitRateView, ServerRate, TierRate
from dashboard.views.hit_rate import told as failures_beside
from dashboard.views.names import family_label, tier_label
from prosepolish_core.calc import numbers

from . import attribution, miss_causes


def draw(view: HitRateView) -> None:
    """The whole page; without a lookup, only how to bring some."""
    trust_line(view.trust)
    if not view.rates:
        empty.no_lookups()
        return
    st.subheader("Does each cache reach its target?", anchor=False)
    told = ", ".join(f"{tier_label(r.tier)} {family_label(r.family)} {numbers.percent(r.ratio)}" for r in view.rates)
    figure.show(rates(view.rates), key="rates", alt=f"Hit rates over the window: {told}")
    for rate in view.rates:
        if note := failures_beside(rate):
            label = f"{tier_label(rate.tier)}, {family_label(rate.family)}"
            st.caption(f":orange[:material/warning: {label}: {numbers.percent(rate.ratio)} {note}.]")
    _course(view)
    miss_causes.draw(view)
    _counts(view.rates)
    attribution.draw(view.families)
    _server(view.server)


def _course(view: HitRateView) -> None:
    st.subheader("How did it change?", anchor=False)
    traces = compare.overlaid(view, _lines)
    chart = lines(traces, unit="ratio", window=view.window, marks=view.marks, ceiling=1.0)
    figure.show(chart, key="rate-lines", alt="Hit rate over time per tier, with its 95 % interval")


def _lines(view: HitRateView) -> list[ChartLine]:
    return [
        ChartLine(
            f"{tier_label(line.tier)}, {family_label(line.family)}",
            line.ts,
            line.ratio,
            PALETTE[4] if line.family == "llm" else colour_of(line.tier),
            low=line.low,
            high=line.high,
        )
        for line in view.lines
    ]


def _counts(rows: Sequence[TierRate]) -> None:
    st.subheader("The numbers behind it", anchor=False)
    table.show(
        [
            {
                "tier": tier_label(r.tier),
                "key family": family_label(r.family),
                "asked": numbers.count(r.asked),
                "hits": numbers.count(r.hits),
                "misses": numbers.count(r.misses),
                "failures": numbers.count(r.failures),
                "failed": numbers.percent(r.failing),
                "hit rate of answered": numbers.percent(r.ratio),
                "95 % interval": f"{numbers.percent(r.low)} to {numbers.percent(r.high)}",
                "target": numbers.percent(r.target, 0),
            }
            for r in rows
        ],
        key="rates-table",
        alt="Hits, misses and failures per tier and key family",
    )


def _server(servers: Sequence[ServerRate]) -> None:
    if not servers:
        return
    with st.container(border=True):
        st.markdown("**The server's keyspace hit rate is not the cache hit rate.**")
        st.caption(
            "Redis counts every key read: the limiter's, session checks and probes. The key reads of our own collectors are known "
            "and subtracted. It is shown for comparison only; the rates above are counted by the core, lookup by lookup."
        )
        with st.container(horizontal=True):
            for server in servers:
                read = numbers.count(server.hits + server.misses)
                st.metric(
                    f"{server.source}: keyspace hit rate",
                    numbers.percent(server.ratio),
                    f"{read} key reads" + (f", {numbers.count(server.ours)} of ours left out" if server.ours else ""),
                    delta_color="off",
                    delta_arrow="off",
                    width="content",
                )
