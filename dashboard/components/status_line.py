"""The first line of every page: how everything stands, since when, and what users get; refreshed by itself."""

from urllib.parse import quote

import streamlit as st

from dashboard import runtime
from dashboard.views import health
from prosepolish_core.calc.status_sentence import StatusLine, StatusPart
from prosepolish_core.model.health import Level

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
    return f":{colour}[{icon} **{plain(part.text)}**]{_link(part)}"


def _link(part: StatusPart) -> str:
    """The way to the incident; where none goes on about this fault (yet), to the list of them."""
    if part.level in {Level.OK, Level.UNKNOWN}:
        return ""
    if part.incident:
        return f" · [incident]({INCIDENTS}?incident={quote(part.incident, safe='')})"
    return f" · [incidents]({INCIDENTS})"
