"""The plan: every window is covered once, by the coarsest rows that fit."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.window import Window
from prosepolish_core.watch.counts.reader_plan import KEPT, LEDGER_KEPT, ReadSpan, finest, plan, snap

NOW = datetime(2026, 11, 23, 12, 34, 56, 789_000, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
seconds = st.floats(1, 60 * 86_400)


def windows() -> st.SearchStrategy[Window]:
    """Windows that end up to two months ago."""
    return st.builds(
        lambda ago, length: Window(NOW - timedelta(seconds=ago + length), NOW - timedelta(seconds=ago)), seconds, seconds
    )


@given(windows(), st.sampled_from([1, 60, 300]), st.sampled_from([KEPT, LEDGER_KEPT]))
def test_spans_cover_the_window_without_gap_or_overlap(window: Window, points: int, kept: dict[int, timedelta]) -> None:
    """The spans touch one another from the window's start to its end (moved to a kept boundary)."""
    spans = plan(window, points, NOW, kept).spans
    start, end = snap(window.start, NOW, kept), snap(window.end, NOW, kept)
    if not spans:
        assert start == end
        return
    assert (spans[0].start, spans[-1].stop) == (start, end)
    assert all(a.stop == b.start for a, b in pairwise(spans))
    assert all(span.start < span.stop for span in spans)


@given(windows(), st.sampled_from([2, 60, 300]))
def test_a_bucket_is_made_of_whole_rows(window: Window, points: int) -> None:
    """Every step used divides the bucket width, and coarse spans begin and end on their own boundaries."""
    chosen = plan(window, points, NOW)
    assert chosen.width_s is not None
    assert chosen.width_s >= finest(window.start, NOW)
    for span in chosen.spans:
        assert chosen.width_s % span.step == 0
        if span.step > 10 and span not in (chosen.spans[0], chosen.spans[-1]):
            assert (span.start - EPOCH).total_seconds() % span.step == 0


@given(windows(), st.floats(0.01, 0.99))
def test_two_windows_that_touch_share_nothing_and_miss_nothing(window: Window, share: float) -> None:
    """Cutting a window anywhere gives two plans that touch."""
    middle = window.start + (window.end - window.start) * share
    if not window.start < middle < window.end:
        return
    left, right = plan(Window(window.start, middle), 1, NOW).spans, plan(Window(middle, window.end), 1, NOW).spans
    if left and right:
        assert left[-1].stop == right[0].start == snap(middle, NOW)


def test_a_day_is_read_as_hours_with_fine_edges() -> None:
    """24 hours to now: 10 s rows and minutes at the ends, hours between."""
    chosen = plan(Window.last(86_400, NOW), 1, NOW)
    assert [span.step for span in chosen.spans] == [10, 60, 3600, 60, 10]
    hours = next(span for span in chosen.spans if span.step == 3600)
    assert hours == ReadSpan(3600, datetime(2026, 11, 22, 13, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC))


def test_a_chart_has_about_as_many_buckets_as_asked_for() -> None:
    """Six hours in 300 points are 120 s buckets; two months are never finer than the minutes that are kept."""
    assert plan(Window.last(6 * 3600, NOW), 300, NOW).width_s == 120
    old = Window(NOW - timedelta(days=3, minutes=5), NOW - timedelta(days=3))
    assert plan(old, 300, NOW).width_s == 60
