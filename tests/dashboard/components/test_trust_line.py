"""The trust line tells an age that grows while the page stands, and colours what is too old."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def _page() -> None:
    from datetime import UTC, datetime, timedelta

    import streamlit as st

    from dashboard.components.trust_line import trust_line
    from dashboard.views.trust import Trust

    told = dict(st.session_state["told"])
    read_ago_h = told.pop("read_ago_h")
    trust_line(Trust(source="the table", at=datetime.now(UTC) - timedelta(hours=read_ago_h), **told))


def said(**told: Any) -> str:
    """The line drawn from this trust."""
    at = AppTest.from_function(_page)
    at.session_state["told"] = {"newest_age_s": 7200.0, "coverage": 0.47, "resets": 0, "read_ago_h": 0} | told
    at.run()
    assert not at.exception
    return str(at.caption[0].value)


@pytest.mark.parametrize(("read_ago_h", "age"), [(0, "2 h"), (3, "5 h"), (9, "11 h")])
def test_the_age_is_that_of_now_and_not_of_the_reading(read_ago_h: int, age: str) -> None:
    """A sample of two hours, read three hours ago, is five hours old."""
    assert f"newest {age} ago" in said(read_ago_h=read_ago_h)


def test_what_is_too_old_is_orange_and_what_comes_as_often_as_it_should_is_green() -> None:
    """Two hours are too old, unless samples come once a day."""
    assert said().startswith(":orange[:material/schedule: newest")
    assert said(every_s=86_400.0).startswith(":green[:material/schedule: newest")
    assert said(newest_age_s=None).startswith(":orange[:material/schedule: no sample yet]")


def test_coverage_resets_note_and_source_stand_in_this_order() -> None:
    """Each from its own field; what is not known is left out."""
    assert " · covers 47 % of " in said()
    assert said().endswith(" · no reset inside · source: the table")
    assert said(resets=1).endswith(" · :orange[1 reset inside] · source: the table")
    assert said(resets=3, note="a note").endswith(" · :orange[3 resets inside] · a note · source: the table")
    assert "covers" not in said(coverage=None)
    assert "reset" not in said(resets=None)
