"""The program begins quietly and ends quietly."""

import subprocess
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


def test_python_dash_m_is_the_same_program() -> None:
    """`python -m prosepolish_core` gives the verb's exit code: 2 for a verb that does not exist."""
    asked = [sys.executable, "-m", "prosepolish_core"]
    said = subprocess.run([*asked, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("prosepolish ")
    assert subprocess.run([*asked, "nonsense"], capture_output=True, check=False).returncode == 2
