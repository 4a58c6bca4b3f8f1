"""The first line of every page: how everything stands, since when, and what users get; refreshed by itself."""

import streamlit as st

from dashboard import runtime
from dashboard.views import health
from prosepolish_core.calc.status_sentence import StatusLine, StatusPart

from .foreign_text import plain
from .verdicts import LOOKS

#: Seconds between two refreshes: the keeper looks as often.
EVERY_S = 2
#: Where the incident of a fault is told.
INCIDENTS = "incidents"


def status_line() -> None:
    """Draw it. It needs nothing of the page below it, and no store."""
    st.fragment(_part, run_every=EVERY_S)()


def _part() -> None:
    _draw(health.line(runtime.core()))


def _draw(line: StatusLine) -> None:
    told = "  \n".join(map(_told, line.parts))
    st.markdown(told, help="\n\n".join(plain(part.reason) for part in line.parts if part.reason) or None)


def _told(part: StatusPart) -> str:
    icon, colour, _ = LOOKS[part.level]
    return f":{colour}[{icon} **{plain(part.text)}**]"
