"""When models are switched off."""

from datetime import date

import pytest

from prosepolish_core import Config
from prosepolish_core.live.llm.models import SHUTDOWNS, model_verdict
from prosepolish_core.live.llm.price_table import tables_of
from prosepolish_core.model.health import Level


@pytest.mark.parametrize(
    ("model", "today", "level", "says"),
    [
        ("gemini-2.0-flash", date(2026, 11, 23), Level.WARNING, "was shut down on 2026-06-01"),
        ("gemini-2.0-flash", date(2026, 5, 1), Level.WARNING, "is shut down from 2026-06-01"),
        ("gemini-2.0-flash", date(2026, 1, 1), Level.OK, "no announced end"),
        ("models/gemini-2.5-flash", date(2026, 11, 23), Level.WARNING, "may be shut down from 2026-10-16"),
        ("gemini-2.5-flash-001", date(2026, 11, 23), Level.WARNING, "may be shut down from 2026-10-16"),
        ("gemini-3.8-flash", date(2026, 11, 23), Level.OK, "no announced end"),
    ],
)
def test_a_model_near_or_past_its_end_is_a_warning(model: str, today: date, level: Level, says: str) -> None:
    """The verdict names the day, and says what to do when there is something to do."""
    verdict = model_verdict(model, today)
    assert verdict.level is level
    assert says in verdict.reason
    assert bool(verdict.action) == (level is Level.WARNING)


def test_each_model_is_in_the_table_once_with_a_source() -> None:
    """Two dates for one model would contradict each other."""
    assert len({row.model for row in SHUTDOWNS}) == len(SHUTDOWNS)
    assert all(row.source for row in SHUTDOWNS)


def test_the_default_model_has_a_price_and_no_announced_end() -> None:
    """Who sets nothing gets a model that answers and whose calls are counted in money."""
    model = Config.from_env({}).gemini_model
    assert tables_of(model)
    assert model not in {row.model for row in SHUTDOWNS}
