"""Marks that fall together are one line, no label covers another, and every mark is told."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.marks import LABEL, TOGETHER, placed
from dashboard.charts.over_time import lines
from dashboard.views.marks import about
from prosepolish_core.model.series import MARK_KINDS, Mark
from tests.dashboard.rows import WINDOW, at

WIDTH = WINDOW.end - WINDOW.start
MARKS = st.builds(lambda s, kind: Mark(at(s), kind, "x", "cache"), st.floats(0, 900), st.sampled_from(sorted(MARK_KINDS)))


@given(st.lists(MARKS, max_size=80))
def test_every_mark_stands_in_one_line_and_lines_keep_their_distance(marks: list[Mark]) -> None:
    """Whatever falls together; labels of one row never overlap."""
    found = placed(marks, WINDOW.start, WINDOW.end)

    assert sorted(mark for line in found for mark in line.marks) == sorted(marks)
    starts = [line.at for line in found]
    assert all(later - first >= WIDTH * TOGETHER for first, later in itertools.pairwise(starts))
    for row in {line.row for line in found} - {None}:
        in_row = [line.at for line in found if line.row == row]
        assert all(later - first >= WIDTH * LABEL for first, later in itertools.pairwise(in_row))


def test_a_restart_with_what_it_brought_is_one_readable_line() -> None:
    """The pointer shows each; words of a server never become HTML."""
    marks = [Mark(at(300), "restart", "cache restarted", "cache"), Mark(at(299), "version", "cache: version 7 → <b>8", "cache")]
    (line,) = placed(marks, WINDOW.start, WINDOW.end)

    assert line.label == "restart, version"
    assert line.told.split("<br>") == ["11:55:00 restart: cache restarted", "11:55:01 version: cache: version 7 → &lt;b&gt;8"]
    assert len(lines([], unit="1", window=WINDOW, marks=marks).layout.shapes) == 1


def test_a_mark_of_one_server_is_not_drawn_on_anothers_charts() -> None:
    """Deploys and gaps of the collectors are drawn on all."""
    deploy, gap = Mark(at(9), "deploy", "v2"), Mark(at(8), "gap", "x", "collectors-1")
    cache, state = (Mark(at(7), "restart", "x", source) for source in ("cache", "state"))

    assert about([deploy, gap, cache, state], "cache") == (deploy, gap, cache)
