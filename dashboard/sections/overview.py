"""Overview: what needs attention, the headline numbers, and how 100 words fall through the tiers."""

import streamlit as st

from dashboard.charts.cascade import cascade
from dashboard.components import compare, empty, figure, window
from dashboard.components.rule_list import rule_list
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views.cascade import few
from dashboard.views.latency import told as failed
from dashboard.views.memory import told_limit
from dashboard.views.names import tier_label
from dashboard.views.overview import OverviewView
from prosepolish_core.calc import numbers

HIT_RATE = "Of the words that reached Redis, the share it answered: found, or known to be unknown. Counted by the core."
LOOKUPS = "Calls the core answered per second, all key families together."
MEMORY = "used_memory of the cache against its maxmemory, newest reading."
SAVED = "What the LLM calls that hits made unnecessary would have cost: recorded tokens times dated prices."
P95 = "95 of 100 calls to this tier took at most this long, from merged histogram buckets over the window."


def draw(view: OverviewView) -> None:
    """All of the page below the dependencies."""
    trust_line(view.trust)
    rule_list(view.rules.rows())
    if view.lookups.value is None and view.memory.value is None:
        empty.no_lookups("Neither samples nor lookups lie in this window.")
        return
    _headlines(view)
    st.subheader("Of 100 words looked up, how many does each tier answer?", anchor=False)
    if view.falls:
        told = ", ".join(f"{fall.label} {few(fall.answered)}" for fall in view.falls)
        figure.show(cascade(view.falls), key="cascade", alt=f"Of 100 lookups are answered by: {told}")
    else:
        empty.no_lookups("No word was looked up in this window.")


def _headlines(view: OverviewView) -> None:
    row = [
        Tile(
            "Cache hit rate",
            numbers.percent(view.hit_rate.value),
            view.hit_note,
            HIT_RATE,
            view.hit_rate.course,
            change=compare.change(view, lambda v: v.hit_rate.value, points=True),
        ),
        Tile(
            "Lookups",
            numbers.rate(view.lookups.value),
            "answers, all families",
            LOOKUPS,
            view.lookups.course,
            change=compare.change(view, lambda v: v.lookups.value),
        ),
        Tile(
            "Cache memory",
            numbers.size(view.memory.value),
            told_limit(view.memory_limit),
            MEMORY,
            view.memory.course,
            view.memory_old,
            change=compare.change(view, lambda v: v.memory.value),
        ),
        Tile(
            "Savings",
            numbers.usd(view.avoided_usd),
            f"in {window.chosen().words}",
            SAVED,
            view.avoided.course,
            change=compare.change(view, lambda v: v.avoided.value),
        ),
    ]
    tiles(row)
    if view.spreads:
        tiles(
            [
                Tile(
                    f"{tier_label(s.tier)} p95",
                    numbers.duration(s.p95),
                    f"{numbers.count(s.calls)} calls{failed(s)}",
                    P95,
                    view.p95[s.tier],
                    change=compare.change(view, lambda v, tier=s.tier: v.p95_of(tier)),  # type: ignore[misc]
                )
                for s in view.spreads
            ]
        )
    if words := compare.against():
        st.caption(f"Changes are against {words}.")
