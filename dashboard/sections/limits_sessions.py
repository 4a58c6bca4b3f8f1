"""Limits and sessions: refusals by limit over time, who is nearest to one, and how log-ins come and go."""

from collections.abc import Sequence

import streamlit as st

from dashboard.charts.over_time import ChartLine, bars
from dashboard.charts.theme import BAD, PALETTE
from dashboard.components import empty, figure, table
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views.limits_sessions import CREATED, REUSE, ROTATED, EventCourse, LimitsView
from prosepolish_core.calc import numbers

CHECKED = "Calls that a limit was asked about, counted by the core. A look that charges nothing is not counted."
DENIED = "Calls refused in the window, by all limits together."
SHADOW = "Calls that a limit on trial would have refused. Nobody noticed: a shadow limit never refuses."
LOCAL = "Calls judged by each process alone while the server of limits was away: a share of every limit each."
LIVE = "Log-ins that may still be used: not ended, not expired, of their user's generation. Counted in PostgreSQL just now."
REUSED = "A rotated token was used again. It looks like theft, so everything that came from that log-in was ended."
LOG_IN_NAMES = {CREATED: ("log-ins", PALETTE[0]), ROTATED: ("rotations", PALETTE[1]), REUSE: ("reuse alarms", BAD)}
#: Why a session ended, in words.
WHY = {
    "logout": "logged out",
    "device": "one device logged out",
    "everywhere": "logged out everywhere",
    "cap": "too many sessions of one user",
    "reuse": "reuse of an old token",
}


def draw(view: LimitsView) -> None:
    """The whole page but the action."""
    trust_line(view.trust)
    if view.empty:
        empty.empty(
            "No limit was asked and nobody logged in within this window.",
            "The core counts both and flushes its counts every few seconds. The Playground can do either.",
            "prosepolish up",
        )
        return
    st.subheader("Are limits refusing people?", anchor=False)
    _limit_tiles(view)
    with st.grid(2, min_column_width=360):
        with st.container():
            st.markdown("**Which limit refuses, and when?** Calls refused per interval")
            _over_time(view, view.denials, "refused", "denials", view.denied)
        with st.container():
            st.markdown("**What would the limits on trial refuse?** Calls per interval")
            _over_time(view, view.shadows, "refused by a shadow limit", "shadows", view.shadow)
    _by_limit(view)
    _near(view)
    st.subheader("Who is logged in?", anchor=False)
    _session_tiles(view)
    with st.grid(2, min_column_width=360):
        with st.container():
            st.markdown("**How do log-ins come?** Per interval")
            _log_ins(view)
        with st.container():
            st.markdown("**How did sessions end?**")
            _ended(view)


def _limit_tiles(view: LimitsView) -> None:
    share = numbers.percent(view.denied / view.checked if view.checked else None)
    tiles(
        [
            Tile("Checked", numbers.count(view.checked), "calls in the window", CHECKED),
            Tile("Refused", numbers.count(view.denied), f"{share} of the calls", DENIED),
            Tile("Refused on trial", numbers.count(view.shadow), "by shadow limits", SHADOW),
            Tile("Judged alone", numbers.count(view.local), "server was away", LOCAL),
        ],
        150,
    )


def _over_time(view: LimitsView, courses: Sequence[EventCourse], what: str, key: str, total: int) -> None:
    if not courses:
        st.caption(f"No call was {what} in this window." if not total else "Too few counts for a course.")
        return
    traces = [ChartLine(one.name, one.ts, one.amount, PALETTE[i % len(PALETTE)]) for i, one in enumerate(courses)]
    chart = bars(traces, unit="1", window=view.window, marks=view.marks, width_s=view.width_s)
    worst = ", ".join(f"{one.name} {numbers.count(float(one.amount.sum()))}" for one in courses)
    figure.show(chart, key=f"limits-{key}", alt=f"Calls {what} per interval: {worst}")


def _by_limit(view: LimitsView) -> None:
    if not view.limits:
        return
    table.show(
        [
            {
                "limit": use.name,
                "checked": numbers.count(use.checked),
                "refused": numbers.count(use.denied),
                "share refused": numbers.percent(use.share),
                "refused on trial": numbers.count(use.shadow),
            }
            for use in view.limits
        ],
        key="limits-by-name",
        alt="Calls checked and refused by the limit's name",
    )


def _near(view: LimitsView) -> None:
    st.markdown("**Who is nearest to a limit now?**")
    near = view.nearest
    if near is None:
        st.caption(":orange[:material/warning: The server of limits cannot be asked now.]")
        return
    if not near.subjects:
        st.caption("Nobody has used up any part of a limit at this moment.")
        return
    table.show(
        [
            {
                "subject": one.subject,
                "used up": numbers.percent(one.share, 0),
                "calls": f"{numbers.count(one.used)} of {numbers.count(one.limit.amount)} in {numbers.age(one.limit.per_s)}",
                "limit": one.name or "set by the caller",
                "next call": "now" if not one.wait_s else f"in {numbers.duration(one.wait_s)}",
            }
            for one in near.subjects
        ],
        key="limits-nearest",
        alt="Subjects nearest to their limits",
    )
    read = f"{numbers.count(near.looked_at)} counts in Redis were looked at"
    st.caption(f"{read}: all there are." if near.complete else f"{read} in the time there was; there are more.")


def _session_tiles(view: LimitsView) -> None:
    live, users = (view.live.sessions, view.live.users) if view.live else (None, None)
    tiles(
        [
            Tile("Live sessions", numbers.count(live), f"of {numbers.count(users)} users, now", LIVE),
            Tile("Log-ins", numbers.count(view.created), "in the window"),
            Tile("Rotations", numbers.count(view.rotated), "new tokens for old ones"),
            Tile("Reuse alarms", numbers.count(view.reuse), "old tokens used again", REUSED),
        ],
        150,
    )


def _log_ins(view: LimitsView) -> None:
    if not view.log_ins:
        st.caption("Nobody logged in or rotated a token in this window.")
        return
    traces = [ChartLine(LOG_IN_NAMES[one.name][0], one.ts, one.amount, LOG_IN_NAMES[one.name][1]) for one in view.log_ins]
    chart = bars(traces, unit="1", window=view.window, marks=view.marks, width_s=view.width_s)
    told = f"{numbers.count(view.created)} log-ins, {numbers.count(view.rotated)} rotations, {numbers.count(view.reuse)} alarms"
    figure.show(chart, key="log-ins", alt=f"Log-ins over time: {told}")


def _ended(view: LimitsView) -> None:
    if not view.ended:
        st.caption("No session was ended in this window; those that expire are not counted.")
        return
    rows = [{"why": WHY.get(why, why), "sessions": numbers.count(amount)} for why, amount in view.ended]
    table.show(rows, key="sessions-ended", alt="Sessions ended in the window, by reason")
