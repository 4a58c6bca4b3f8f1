"""The pages' verdicts are the alert rules: worst first, never well when nobody looks, each with its proof."""

from datetime import timedelta

import orjson
import pytest

from dashboard.components.rule_list import told
from dashboard.views.rule_board import RuleBoard, amiss, proof_of
from pages._registry import PAGES
from prosepolish_core.calc.alert_state import Threshold
from prosepolish_core.model.alert import AlertState, Held
from prosepolish_core.model.health import Level
from prosepolish_core.model.sample import Labels
from prosepolish_core.watch.alerts.rule_standing import (
    STALE,
    RuleStanding,
    RuleStandings,
    RuleState,
    from_json,
    standing,
    to_json,
    words,
)
from prosepolish_core.watch.alerts.rules import BY_NAME, RULES
from tests.dashboard.rows import NOW

CACHE: Labels = (("instance", "cache"),)
FULL = BY_NAME["memory_full"]


def of(value: float | None, *held: AlertState, thresholds: tuple[Threshold, ...] = FULL.thresholds) -> RuleStanding:
    """The memory of the cache at this value, in these states at its levels."""
    states = [Held(state, t.level, 100.0) for state, t in zip(held, thresholds, strict=False)]
    return standing(FULL, CACHE, thresholds, states, value)


@pytest.mark.parametrize(
    ("found", "state", "level", "said"),
    [
        (of(0.5), RuleState.WELL, Level.OK, "50.0 %; warning above 80.0 % for 5 min, ok again at 75.0 % or less"),
        (
            of(0.85, AlertState.FIRING, AlertState.INACTIVE),
            RuleState.FIRING,
            Level.WARNING,
            "85.0 %; warning above 80.0 % for 5 min, ok again at 75.0 % or less",
        ),
        (
            of(0.95, AlertState.FIRING, AlertState.FIRING),
            RuleState.FIRING,
            Level.CRITICAL,
            "95.0 %; critical above 90.0 % for 2 min, ok again at 85.0 % or less",
        ),
        (
            of(0.85, AlertState.PENDING, AlertState.INACTIVE),
            RuleState.PENDING,
            Level.WARNING,
            "85.0 %; warning above 80.0 % for 5 min, ok again at 75.0 % or less",
        ),
        (of(None), RuleState.UNJUDGED, Level.OK, FULL.needs),
        (of(float("nan")), RuleState.UNJUDGED, Level.OK, FULL.needs),
        (of(0.99, thresholds=()), RuleState.OFF, Level.OK, "switched off in the file of alert rules"),
    ],
)
def test_a_standing_says_number_threshold_and_time(found: RuleStanding, state: RuleState, level: Level, said: str) -> None:
    """Of the level that fires, else of the mildest; and it comes back from the store as it was."""
    assert (found.state, found.level, words(found, FULL)) == (state, level, said)
    assert from_json(orjson.loads(to_json([found]))) == (found,)


def test_nothing_is_well_once_nobody_looks() -> None:
    """Neither what was well nor what fired is told as it was; what is off stays off."""
    known = (of(0.5), of(0.95, AlertState.FIRING, AlertState.FIRING), of(0.9, thresholds=()))
    board = RuleBoard(RuleStandings(NOW, known))

    assert {row.state for row in board.rows(NOW + STALE) if row.instance} == {RuleState.WELL, RuleState.FIRING, RuleState.OFF}
    late = board.rows(NOW + STALE + timedelta(seconds=1))
    assert {row.state for row in late} == {RuleState.UNJUDGED, RuleState.OFF}
    assert late[0].told == "no collector has looked at the rules since 2026-11-23 12:00:00 UTC"
    assert amiss(late) == []


def test_where_nobody_ever_looked_every_rule_is_there_and_unknown() -> None:
    """A new installation without collectors."""
    rows = RuleBoard().rows(NOW)

    assert [row.rule for row in rows] == [rule.name for rule in RULES]
    assert {(row.verdict.level, row.told) for row in rows} == {(Level.UNKNOWN, "no collector has looked at the rules yet")}
    assert told(rows) == f"{len(RULES)} rules cannot be judged now"


def test_the_worst_stands_first_with_what_to_do() -> None:
    """Firing before pending before what is not judged."""
    known = (of(0.5), of(0.85, AlertState.PENDING, AlertState.INACTIVE), of(0.95, AlertState.FIRING, AlertState.FIRING))
    rows = RuleBoard(RuleStandings(NOW, known)).rows(NOW)

    assert [row.state for row in rows[:3]] == [RuleState.FIRING, RuleState.PENDING, RuleState.UNJUDGED]
    assert (rows[0].subject, rows[0].verdict.action, rows[0].verdict.level) == ("Memory of cache", FULL.do, Level.CRITICAL)
    assert [row.told for row in RuleBoard(RuleStandings(NOW, known)).of("cache", "memory", NOW)] == [
        words(one, FULL) for one in reversed(known)
    ]


@pytest.mark.parametrize("rule", BY_NAME)
def test_every_rule_has_a_page_that_proves_it(rule: str) -> None:
    """One of the menu."""
    assert f"{proof_of(rule)}.py" in {page.file for page in PAGES}
