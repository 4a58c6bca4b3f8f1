"""The program begins quietly and ends quietly."""

import sys

import pytest

from prosepolish_core.cli.entry import run


def test_it_runs_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code is that of the verb."""
    monkeypatch.setattr(sys, "argv", ["prosepolish", "--version"])

    assert run() == 0
    assert capsys.readouterr().out.startswith("prosepolish ")


def test_ctrl_c_while_loading_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One word and exit code 1."""

    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "prosepolish_core.cli.main":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "prosepolish_core.cli.main")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])

    assert run() == 1
    assert capsys.readouterr().err == "Stopped.\n"
