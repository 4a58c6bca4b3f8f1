"""The command line of the collectors, without a server."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from collectors.__main__ import main
from collectors.schedule import ENTRIES

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that are not there."""
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@127.0.0.1:1/none")


def test_the_schedule_is_listed_in_full() -> None:
    """`--list` shows every collector with its interval, time-out and budget, for people and as JSON."""
    text = CliRunner().invoke(main, ["--list"])
    assert text.exit_code == 0
    assert all(entry.name in text.stdout for entry in ENTRIES)
    rows = [json.loads(line) for line in CliRunner().invoke(main, ["--list", "--json", "--interval", "2"]).stdout.splitlines()]
    assert {row["collector"]: row["interval_s"] for row in rows}["redis_info"] == 2
    assert all(set(row) == {"collector", "interval_s", "timeout_s", "budget_s", "about"} for row in rows)


@pytest.mark.parametrize("arguments", [["--json"], ["--once", "--only", "nonsense"], ["--interval", "0"], ["extra"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    """A wrong option is refused before anything is read."""
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_servers_that_are_away_are_told_in_one_line_each() -> None:
    """With nothing to read the exit code is 1; no traceback, no password."""
    done = CliRunner().invoke(main, ["--once", "--only", "redis_info"])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "redis_info of cache failed: cannot be reached" in done.stderr
    assert "Not stored" in done.stderr
    assert "Traceback" not in done.output
    assert "hunter2" not in done.output


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that cannot be used is one sentence and exit code 1."""
    monkeypatch.setenv("REDIS_URL", "gopher://x")
    done = CliRunner().invoke(main, ["--list"])
    assert done.exit_code == 1
    assert "REDIS_URL" in done.output


def test_a_data_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the folder should be: exit code 1 and the variable to set, no traceback."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("PROSEPOLISH_DATA_DIR", str(tmp_path / "file"))
    done = CliRunner().invoke(main, [])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: the collectors' data folder")
    assert "set PROSEPOLISH_DATA_DIR to a folder that this user may write to" in done.stderr
    assert done.stderr.count("\n") == 1
