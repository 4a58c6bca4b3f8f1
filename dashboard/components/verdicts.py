"""The verdict list: what needs attention first, in words with number, reason and what to do;
what is well, folded away.
"""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from prosepolish_core.calc import numbers
from prosepolish_core.model.health import Level, Verdict
from prosepolish_core.model.standing import Standing

from .foreign_text import plain

Colour = Literal["green", "gray", "orange", "red"]
#: Icon, colour and word of each level: never colour alone.
LOOKS: dict[Level, tuple[str, Colour, str]] = {
    Level.OK: (":material/check_circle:", "green", "ok"),
    Level.UNKNOWN: (":material/help:", "gray", "unknown"),
    Level.WARNING: (":material/warning:", "orange", "warning"),
    Level.CRITICAL: (":material/error:", "red", "critical"),
}


def verdict_list(verdicts: Sequence[Verdict], *, fold: bool = True) -> None:
    """Everything that is not ok in full, worst first; the rest behind one line, or in full without `fold`."""
    if not fold:
        _rows(verdicts)
        return
    amiss = [v for v in verdicts if v.level in {Level.WARNING, Level.CRITICAL}]
    quiet = [v for v in verdicts if v not in amiss]
    _rows(amiss)
    if quiet:
        unknown = sum(v.level is Level.UNKNOWN for v in quiet)
        icon = ":material/help:" if unknown == len(quiet) else None if amiss else ":material/check_circle:"
        with st.expander(_told(len(quiet) - unknown, unknown), icon=icon):
            _rows(quiet)


def _told(well: int, unknown: int) -> str:
    """How many checks are ok and how many cannot be judged, leaving out what there is none of."""
    parts = [f"{well} check{' is' if well == 1 else 's are'} ok"] if well else []
    if unknown:
        parts.append(f"{unknown} {'cannot' if parts else 'check cannot' if unknown == 1 else 'checks cannot'} be judged yet")
    return ", ".join(parts)


def dependency_list(standings: Sequence[Standing]) -> None:
    """How each dependency stands: one badge each, and a full line for those that are not well."""
    badges, reasons = [], []
    for found in standings:
        icon, colour, _ = LOOKS[found.verdict.level]
        time = f" · {numbers.duration(found.median_s)}" if found.median_s is not None else ""
        badges.append(f":{colour}-badge[{icon} {found.label}: {found.state.value}{time}]")
        reasons.append(f"- {found.label}: {plain(found.reason)}")
    st.markdown(" ".join(badges), help="\n".join(["The time is the median of the latest round trips.", "", *reasons]))
    _rows([found.verdict for found in standings if found.verdict.level is not Level.OK])


def _rows(verdicts: Sequence[Verdict]) -> None:
    """All of them in one piece of text: a browser shows it many times faster than one element each."""
    if verdicts:
        st.markdown("\n\n".join(map(_row, verdicts)))


def _row(verdict: Verdict) -> str:
    icon, colour, word = LOOKS[verdict.level]
    action = f"  \n:gray[:material/subdirectory_arrow_right: {plain(verdict.action)}]" if verdict.action else ""
    return f":{colour}[{icon} **{word}**] · **{plain(verdict.subject)}** · {plain(verdict.reason)}{action}"
