"""watch/alerts/overrides.py: what a file may change, and what is told about one that cannot be read."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.health import Level
from prosepolish_core.watch.alerts.overrides import NONE, Overrides, read
from prosepolish_core.watch.alerts.rules import BY_NAME

RULE = BY_NAME["memory_full"]
CACHE, STATE = (("instance", "cache"),), (("instance", "state"),)


def given_text(tmp_path: Path, text: str) -> Overrides:
    """The overrides of a file with this text."""
    path = tmp_path / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, BY_NAME)


def test_a_file_changes_one_number_and_leaves_the_others(tmp_path: Path) -> None:
    """The clear level and the other threshold stay as shipped."""
    changed = given_text(tmp_path, "[memory_full]\nwarning = { fire = 0.85, hold_min = 10 }\n").thresholds(RULE, CACHE)

    assert [(t.level, t.fire, t.clear, t.hold_s) for t in changed] == [
        (Level.WARNING, 0.85, 0.75, 600.0),
        (Level.CRITICAL, 0.90, 0.85, 120.0),
    ]


def test_one_instance_may_differ_from_all_others(tmp_path: Path) -> None:
    """Off for the cache, critical later for the rest."""
    overrides = given_text(tmp_path, "[memory_full]\ncritical = { fire = 0.97 }\n[memory_full.on.cache]\noff = true\n")

    assert overrides.thresholds(RULE, CACHE) == ()
    assert overrides.thresholds(RULE, STATE)[1].fire == 0.97
    assert NONE.thresholds(RULE, CACHE) == RULE.thresholds


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[nothing]\n", "no alert rule is called 'nothing'"),
        ("[memory_full]\nfatal = { fire = 1 }\n", "fatal is not known"),
        ("[memory_full]\nwarning = { level = 1 }\n", "level is not known"),
        ("[memory_full]\nwarning = { fire = 'a' }\n", "fire is a number"),
        ("[memory_full]\nwarning = { fire = nan }\n", "fire is a number"),
        ("[memory_full]\nwarning = { hold_min = -1 }\n", "between 0 and 10080"),
        ("[memory_full]\nwarning = { clear = 0.9 }\n", "must be not above fire"),
        ("[instance_down]\nwarning = { fire = 1 }\n", "has no level warning; it has critical"),
        ("[memory_full]\noff = 1\n", "true or false"),
        ("memory_full = 3\n", "must be a table"),
        ("[memory_full", "not valid TOML"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_its_place(tmp_path: Path, text: str, told: str) -> None:
    """Nothing is taken from a file with a mistake."""
    with pytest.raises(InvalidInput, match=told):
        given_text(tmp_path, text)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    """One sentence, not the system's exception."""
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path / "none.toml", BY_NAME)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_rules_or_one_sentence(tmp_path: Path, content: bytes) -> None:
    """Never another exception."""
    path = tmp_path / "alerts.toml"
    path.write_bytes(content)
    with suppress(InvalidInput):
        assert isinstance(read(path, BY_NAME), Overrides)
