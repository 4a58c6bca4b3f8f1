"""`prosepolish`: every way a verb can end is a sentence and an exit code, and no verb loads another's packages."""

import os
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest

from prosepolish_core.cli import main as module
from prosepolish_core.cli.main import PROGRAMS, VERBS, main
from prosepolish_core.errors import ConfigError, InvalidWord, StoreUnavailable

PROGRAM = str(Path(sys.executable).with_name("prosepolish"))


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` prints what the verb does and its options, and is done."""
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: prosepolish {verb}")
    assert "--json" in shown or "COMMAND [ARGS]" in shown  # verbs of a group have it where they print data


def test_the_list_of_verbs_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    """`prosepolish --help` lists the core's verbs and those of other packages."""
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {verb} " in shown for verb in [*VERBS, *PROGRAMS])


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_is_not_at_hand_says_where_it_is(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder of the same name in somebody's own project is not ours: the verb is not listed and not run."""
    package = PROGRAMS[program].split(".")[0]
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise SystemExit('not ours')")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    for loaded in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, loaded)
    assert main([program]) == 1
    sentence = "is no part of the installed package: run it from a checkout of ProsePolish or from its image"
    assert capsys.readouterr().err == f"Error: `prosepolish {program}` {sentence}\n"
    assert main(["--help"]) == 0
    assert f"\n  {program} " not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nonsense"], ["lookup"], ["check", "--nonsense"], ["mark", "x", "--kind", "birthday"]])
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown verb, a missing argument, an unknown option or choice: exit code 2 and a hint."""
    assert main(arguments) == 2
    assert "Error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigError("PORT is wrong"), 1), (StoreUnavailable("PostgreSQL is away"), 1), (InvalidWord("a word must not be empty"), 2)],
)
def test_our_errors_are_one_sentence(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What we raise on purpose is printed alone; a refused argument is wrong usage."""
    _verb_that_raises(monkeypatch, error)
    assert main(["fail"]) == code
    assert capsys.readouterr().err == f"Error: {error}\n"


def test_a_fault_of_ours_shows_no_traceback_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unexpected exception is named with its place; its message, which may hold values, is not shown."""
    _verb_that_raises(monkeypatch, KeyError("hush-hush"))
    assert main(["fail"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Error: unexpected KeyError at test_main.py:")
    assert "hush-hush" not in shown
    assert "Traceback" not in shown


def _verb_that_raises(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(sys.modules[__name__], "failing", click.Command("fail", callback=fail), raising=False)
    monkeypatch.setitem(module.VERBS, "fail", f"{__name__}:failing")


def test_a_verb_whose_package_is_missing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear sentence, whatever options were given; the list of verbs still works."""
    point = EntryPoint("fly", "no_such_package.cli:fly", module.GROUP)
    monkeypatch.setattr(module, "_points", lambda: [point])
    assert main(["fly", "--fast", "now"]) == 1
    shown = capsys.readouterr().err
    assert shown == "Error: `prosepolish fly` needs no_such_package, which is not installed\n"
    assert main(["--help"]) == 0
    assert "(not installed)" in capsys.readouterr().out


def test_looking_up_loads_neither_demo_nor_dashboard() -> None:
    """A verb of the core imports no other package's verbs, and none of the heavy libraries behind them."""
    code = (
        "import sys; from prosepolish_core.cli.main import main; main(['lookup', '--help']); "
        "print(sorted({'demo', 'collectors', 'dashboard', 'streamlit', 'plotly', 'pandas', 'google.generativeai'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_wrong_setting_is_one_sentence_without_its_value() -> None:
    """The variable is named, its value is not shown, and there is no traceback."""
    environ = {**os.environ, "REDIS_URL": "mysql://user:hush-hush@host/0"}
    done = subprocess.run([PROGRAM, "check"], capture_output=True, text=True, timeout=30, env=environ, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: the configuration is not usable: ")
    assert "REDIS_URL" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hush-hush" not in done.stderr


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    """`prosepolish … | head` ends quietly."""
    running = subprocess.Popen([PROGRAM, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.close()
    _, said = running.communicate(timeout=30)
    assert said == b""


def test_ctrl_c_is_no_traceback(tmp_path: Path) -> None:
    """An interrupt ends the verb with one word,
    also where the shell that runs the tests ignores interrupts (as under nohup).
    """
    code = (
        "import signal, sys, time, click; from prosepolish_core.cli import main as m\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "wait = click.Command('wait', callback=lambda: (print('here', flush=True), time.sleep(30)))\n"
        "m.VERBS['wait'] = '__main__:wait'; sys.exit(m.main(['wait']))"
    )
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert running.stdout is not None
    assert running.stdout.readline() == b"here\n"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert (running.returncode, said.strip()) == (1, b"Stopped.")
