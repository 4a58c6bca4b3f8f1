"""Before and after the newest mark, tier by tier, in numbers."""

import streamlit as st

from dashboard.components import compare, table
from dashboard.components.foreign_text import plain
from dashboard.views.around_mark import AroundMark
from dashboard.views.latency import Spread
from dashboard.views.names import tier_label
from prosepolish_core.calc import numbers


def draw(found: AroundMark | None) -> None:
    """Nothing where the range has no mark that could explain a change."""
    if found is None or not found.tiers:
        return
    mark = found.mark
    what = " ".join(filter(None, [mark.kind, f"of {mark.source}" if mark.source else "", f"“{mark.text}”" if mark.text else ""]))
    st.subheader("Did a tier get slower since then?", anchor=False)
    st.markdown(f"Before and after: **{plain(what)}** at {mark.ts:%Y-%m-%d %H:%M:%S} UTC")
    table.show(
        [
            {
                "tier": tier_label(tier),
                "p50 before": _time(before, "p50"),
                "p50 after": _time(after, "p50"),
                "p50 change": _change(before, after, "p50"),
                "p95 before": _time(before, "p95"),
                "p95 after": _time(after, "p95"),
                "p95 change": _change(before, after, "p95"),
                "calls before": numbers.count(before.calls if before else None),
                "calls after": numbers.count(after.calls if after else None),
            }
            for tier, before, after in found.tiers
        ],
        key="around-mark",
        alt=f"Percentiles of each tier before and after the {mark.kind}",
    )
    st.caption("Within the chosen range; the interval in which the mark lies is left out. A fixed range moves both sides.")


def _time(spread: Spread | None, name: str) -> str:
    return numbers.duration(getattr(spread, name) if spread else None)


def _change(before: Spread | None, after: Spread | None, name: str) -> str:
    told = compare.told(getattr(after, name), getattr(before, name)) if before and after else ""
    return told or numbers.NONE
