"""watch/alerts/rules_file.py: a changed file counts at once, a mistake in it changes nothing and is told."""

import os
from pathlib import Path

import pytest

from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.sample import Labels
from prosepolish_core.watch.alerts.rules import BY_NAME
from prosepolish_core.watch.alerts.rules_file import RulesFile

CACHE: Labels = (("instance", "cache"),)
OFF, ON, WRONG = "[slow_log]\noff = true\n", "", "[slow_log]\nof = true\n"


def write(path: Path, text: str) -> None:
    """Replace the file; its time is another one even where clocks are coarse."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that changes nothing."""
    found = tmp_path / "rules.toml"
    write(found, ON)
    return found


def is_off(file: RulesFile) -> bool:
    """Whether the rule is off."""
    return not file.overrides.thresholds(BY_NAME["slow_log"], CACHE)


def test_a_change_is_read_once(path: Path) -> None:
    """And a file that did not change is not read."""
    file = RulesFile(path, BY_NAME)
    assert (file.refresh(), is_off(file)) == (False, False)
    write(path, OFF)
    assert (file.refresh(), is_off(file)) == (True, True)
    assert not file.refresh()


@pytest.mark.parametrize("text", [WRONG, None], ids=["a mistake", "gone"])
def test_what_cannot_be_used_leaves_what_was_and_says_why(path: Path, text: str | None) -> None:
    """Until it is mended."""
    write(path, OFF)
    file = RulesFile(path, BY_NAME)
    path.unlink() if text is None else write(path, text)
    assert file.refresh()
    assert is_off(file)
    assert file.failure
    write(path, ON)
    os.utime(path, ns=(10**18, 10**18))
    assert file.refresh()
    assert (file.failure, is_off(file)) == ("", False)


def test_a_mistake_at_the_start_is_told_at_once(path: Path) -> None:
    """Whoever starts the collectors stands there."""
    write(path, WRONG)
    with pytest.raises(InvalidInput, match="slow_log"):
        RulesFile(path, BY_NAME)


def test_without_a_file_nothing_is_changed() -> None:
    """The usual case."""
    file = RulesFile(None, BY_NAME)
    assert (file.refresh(), is_off(file)) == (False, False)
