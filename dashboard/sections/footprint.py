"""What watching costs: our share of each server's time, and the calls of each collector."""

import streamlit as st

from dashboard.components import table
from dashboard.views.footprint import Footprint
from prosepolish_core.calc import numbers


def draw(found: Footprint) -> None:
    """One line a server, one row a collector."""
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
