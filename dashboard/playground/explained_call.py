"""Shows one explained call: the tier that answered, time, cost and fills, the waterfall, and the calls before it."""

from dataclasses import dataclass

import streamlit as st

from dashboard.charts.waterfall import waterfall
from dashboard.components import figure, table
from dashboard.components.tiles import Tile, tiles
from dashboard.views.names import tier_label
from dashboard.views.playground import Explained
from prosepolish_core.calc import numbers

FILLED = "Tiers that did not know it and know it now."
#: Calls kept for comparison.
REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Remembered:
    """A call in the list below the newest one."""

    what: str
    told: Explained


def remember(panel: str, what: str, told: Explained) -> None:
    """Put the call on top of this visitor's list."""
    before: list[Remembered] = st.session_state.get(f"{panel} calls", [])
    st.session_state[f"{panel} calls"] = [Remembered(what, told), *before][:REMEMBERED]


def show(told: Explained, key: str) -> None:
    """The newest call, in full."""
    tiles(
        [
            Tile("Answered by", tier_label(told.tier) if told.tier else "nobody", told.headline),
            Tile("Time", numbers.duration(told.total_s), "in all"),
            Tile("Cost of this call", told.cost, "tokens times price" if told.cost.startswith("$") else "no paid call was made"),
            Tile("Filled", _tiers(len(told.filled)), ", ".join(told.filled) or "nothing had to be filled", FILLED),
        ],
        190,
    )
    if told.warning:
        st.caption(f":orange[:material/warning: {told.warning}]")
    if told.steps:
        steps = "; ".join(f"{step.label} {step.told}" for step in told.steps)
        figure.show(waterfall(told.steps), key=f"waterfall-{key}", alt=f"Tiers asked: {steps}", timed=False)


def _tiers(number: int) -> str:
    return f"{number} tier{'s' if number > 1 else ''}" if number else "nothing"


def before(panel: str) -> None:
    """The calls of this visit, newest first."""
    calls: list[Remembered] = st.session_state.get(f"{panel} calls", [])
    if len(calls) < 2:
        return
    st.markdown("**Your calls, newest first**")
    table.show(
        [
            {
                "what": call.what,
                "answered by": tier_label(call.told.tier) if call.told.tier else "nobody",
                "time": numbers.duration(call.told.total_s),
                "cost": call.told.cost,
                "filled": ", ".join(call.told.filled) or "–",
            }
            for call in calls
        ],
        key=f"{panel}-calls",
        alt="Earlier calls of this visit: tier, time and cost",
    )
