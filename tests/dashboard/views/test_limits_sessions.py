"""Limits and sessions: each event in its own place, per bucket and in sum."""

from datetime import timedelta

from dashboard.views import limits_sessions
from dashboard.views.limits_sessions import LimitUse
from prosepolish_core.model.counts import EventCounts
from prosepolish_core.model.session import LiveSessions
from tests.dashboard.rows import NOW, WINDOW, Samples, Telemetry, asked, at

EVENTS = [
    EventCounts(at(600), "limit_checked:llm", 100),
    EventCounts(at(600), "limit_checked:login", 40),
    EventCounts(at(600), "limit_denied:llm", 7),
    EventCounts(at(600), "limit_denied", 7),
    EventCounts(at(30), "limit_denied:llm", 4),
    EventCounts(at(300), "limit_would_deny:trial", 13),
    EventCounts(at(300), "limit_degraded", 2),
    EventCounts(at(300), "session_created", 21),
    EventCounts(at(300), "session_rotated", 17),
    EventCounts(at(300), "session_reuse", 1),
    EventCounts(at(300), "session_ended:logout", 5),
    EventCounts(at(300), "session_ended:everywhere", 9),
    EventCounts(at(2000), "limit_denied:llm", 5000),
]


def view_of(events: list[EventCounts], live: LiveSessions | None = None) -> limits_sessions.LimitsView:
    """The page over these events."""
    return limits_sessions.build(Samples(), Telemetry([asked("redis", "hit", 1)], event_rows=events), WINDOW, live=live, now=NOW)


def test_each_number_stands_in_its_own_place() -> None:
    """All values differ; what lies before the window is not in it."""
    view = view_of(EVENTS, LiveSessions(33, 6))

    assert view.limits == (LimitUse("llm", 100, 11, 0), LimitUse("trial", 0, 0, 13), LimitUse("login", 40, 0, 0))
    assert (view.checked, view.denied, view.shadow, view.local) == (140, 11, 13, 2)
    assert (view.created, view.rotated, view.reuse) == (21, 17, 1)
    assert view.ended == (("everywhere", 9), ("logout", 5))
    assert view.live == (33, 6)
    assert view.limits[0].share == 0.11
    assert view.limits[1].share is None


def test_refusals_lie_in_the_buckets_in_which_they_happened() -> None:
    """A single bucket with a count has the width of all; a limit that refused nothing has no course."""
    view = view_of(EVENTS)

    (llm,) = view.denials
    assert (llm.name, view.width_s) == ("llm", 10)
    happened = {
        int((NOW - timedelta(seconds=0) - row.item().replace(tzinfo=NOW.tzinfo)).total_seconds()): count
        for row, count in zip(llm.ts, llm.amount, strict=True)
        if count
    }
    assert happened == {600: 7.0, 30: 4.0}
    assert [course.name for course in view.log_ins] == ["session_created", "session_rotated", "session_reuse"]
    assert [course.name for course in view.shadows] == ["trial"]


def test_nothing_counted_and_nobody_logged_in_is_empty() -> None:
    """One live session is not."""
    assert view_of([]).empty
    assert view_of([], LiveSessions(0, 0)).empty
    assert not view_of([], LiveSessions(1, 1)).empty
    assert view_of([]).denials == ()
