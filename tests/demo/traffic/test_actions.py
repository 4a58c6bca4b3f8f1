"""What writers do, on a real core: Valkey, PostgreSQL and the stand-ins over HTTP."""

from collections.abc import Iterator

import pytest

from demo.lexicon import lexicon
from demo.standins import StandIns
from demo.traffic.actions import ACTIONS, Scene
from prosepolish_core import Config, Core
from tests.support.waiting import PATIENT


@pytest.fixture
def core(valkey_url: str, database_url: str) -> Iterator[Core]:
    """A core whose upstreams are the stand-ins."""
    with StandIns(speed=1000) as up:
        env = {
            "REDIS_URL": valkey_url,
            "DATABASE_URL": database_url,
            "DICTIONARY_API_URL": up.dictionary_api.url,
            "GEMINI_API_ENDPOINT": up.gemini.url,
            "GEMINI_API_KEY": "stand-in",
            "PROSEPOLISH_PEPPER": "p" * 43,
        } | PATIENT
        with Core.open(Config.from_env(env)) as opened:
            yield opened


@pytest.mark.live
def test_every_action_works_on_the_real_core(core: Core) -> None:
    """Each row of the table, prepared and done: no exception, whatever was drawn."""
    scene = Scene(lexicon(), seed=1)

    for _ in range(3):
        for action in ACTIONS:
            action.prepare(scene)(core)

    assert any(scene.writers.token(user) for user in scene.writers._ids.items)


def test_lookups_make_up_the_rate_and_corrections_are_rare() -> None:
    """The table's shares: about one lookup action per lookup, one correction in about thirty."""
    shares = {action.name: action.per_lookup for action in ACTIONS}

    assert shares["lookup"] + 6.5 * shares["lookup_text"] == pytest.approx(1.0, abs=0.02)
    assert 0.02 <= shares["correct"] <= 0.05
    assert {"read_profile", "change_settings", "log_in", "come_back", "export"} <= set(shares)
