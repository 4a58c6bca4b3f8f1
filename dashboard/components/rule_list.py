"""The rules' list: what fires and what is about to in full, the rest folded away under a true sentence."""

from collections.abc import Sequence

import streamlit as st

from dashboard.views.rule_board import RuleRow, amiss
from prosepolish_core.watch.alerts.rule_standing import RuleState

from .foreign_text import plain
from .verdicts import LOOKS, Colour

#: Icon and colour of what is neither firing nor well.
QUIET: dict[RuleState, tuple[str, Colour]] = {
    RuleState.PENDING: (":material/hourglass_top:", "orange"),
    RuleState.UNJUDGED: (":material/help:", "gray"),
    RuleState.WELL: (":material/check_circle:", "green"),
    RuleState.OFF: (":material/notifications_off:", "gray"),
}


def rule_list(rows: Sequence[RuleRow], *, fold: bool = True) -> None:
    """Everything that fires or is about to; the rest behind one line, or in full without `fold`."""
    if not fold:
        _rows(rows)
        return
    loud = amiss(rows)
    quiet = [row for row in rows if row not in loud]
    _rows(loud)
    if quiet:
        judged = sum(row.state is RuleState.WELL for row in quiet)
        icon = ":material/help:" if not judged else None if loud else ":material/check_circle:"
        with st.expander(told(quiet), icon=icon):
            _rows(quiet)


def told(rows: Sequence[RuleRow]) -> str:
    """How many rules are well, how many cannot be judged and how many are off, leaving out what there is none of."""
    well, unjudged, off = (sum(row.state is s for row in rows) for s in (RuleState.WELL, RuleState.UNJUDGED, RuleState.OFF))
    parts = [f"{well} rule{' is' if well == 1 else 's are'} ok"] if well else []
    if unjudged:
        parts.append(f"{unjudged} {'cannot' if parts else 'rule cannot' if unjudged == 1 else 'rules cannot'} be judged now")
    if off:
        parts.append(f"{off} {'is' if off == 1 else 'are'} switched off")
    return ", ".join(parts)


def _rows(rows: Sequence[RuleRow]) -> None:
    """All of them in one piece of text: a browser shows it many times faster than one element each."""
    if rows:
        st.markdown("\n\n".join(map(_row, rows)))


def _row(row: RuleRow) -> str:
    icon, colour = QUIET.get(row.state, (":material/error:", "red"))
    word = row.state.value
    if row.state is RuleState.FIRING:
        icon, colour, word = LOOKS[row.level]
    elif row.state is RuleState.PENDING:
        word = f"{row.level.value} soon"
    since = f" since {row.since:%Y-%m-%d %H:%M:%S} UTC" if row.since else ""
    proof = f" [proof]({row.proof})"
    line = f":{colour}[{icon} **{word}**] · **{plain(row.subject)}** · {plain(row.told)}{since} ·{proof}"
    if row.state not in {RuleState.FIRING, RuleState.PENDING}:
        return line
    return f"{line}  \n:gray[{plain(row.means)}]  \n:gray[:material/subdirectory_arrow_right: {plain(row.do)}]"
