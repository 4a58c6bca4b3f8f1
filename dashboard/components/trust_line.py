"""Draws the trust line of a page."""

from datetime import UTC, datetime

import streamlit as st

from dashboard.views.trust import Trust
from prosepolish_core.calc import numbers

from . import window

HELP = (
    "How far these numbers can be trusted: the age of the newest sample, the share of the expected samples that lie in the window, "
    "counter resets inside it (counted through, never shown as a fall), and where the numbers come from."
)


def trust_line(trust: Trust) -> None:
    """One line: age, coverage, resets, source."""
    shown = window.chosen()
    trust = trust.aged(datetime.now(UTC))
    if trust.newest_age_s is None:
        newest = ":orange[:material/schedule: no sample yet]"
    elif shown.fixed:
        newest = ":gray[:material/history: as it was then]"
    else:
        colour = "orange" if trust.stale else "green"
        newest = f":{colour}[:material/schedule: newest {numbers.age(trust.newest_age_s)} ago]"
    parts = [newest]
    if trust.coverage is not None:
        parts.append(f"covers {numbers.percent(trust.coverage, 0)} of {shown.words}")
    if trust.resets is not None:
        parts.append("no reset inside" if trust.resets == 0 else f":orange[{trust.resets} reset{'s' * (trust.resets > 1)} inside]")
    parts += filter(None, [trust.note, f"source: {trust.source}"])
    st.caption(" · ".join(parts), help=HELP)
