"""Everything that says how a stack stands: each page as a visitor gets it, /readyz, /metrics, `prosepolish check`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from streamlit.testing.v1 import AppTest

from benchmarks.recovery.looks import World
from pages import _registry

ROUTER = str(Path(_registry.__file__).with_name("_router.py"))
_STATE = re.compile(r'^prosepolish_dependency_state\{dependency="(\w+)",state="(\w+)"\} 1$', re.MULTILINE)


class Statement(NamedTuple):
    """What one surface said: asked at, answered at, the states it named (a page: its first line)."""

    surface: str
    began: float
    ended: float
    states: Mapping[str, str]
    line: str = ""


class Surfaces:
    """Asks the two routes all the time from threads; pages and the command when it is told."""

    def __init__(self, world: World, environ: Mapping[str, str]) -> None:
        self._world, self._environ = world, environ
        self.statements: list[Statement] = []
        self._over = threading.Event()
        for name, read in (("/readyz", ready), ("/metrics", metrics)):
            threading.Thread(target=self._repeat, args=(name, read), daemon=True).start()

    def close(self) -> None:
        """Ask no more."""
        self._over.set()

    def tour(self) -> None:
        """Every page once."""
        at = AppTest.from_file(ROUTER, default_timeout=60)
        for place, entry in enumerate(_registry.PAGES):
            began = time.time()
            at = at.run() if not place else at.switch_page(entry.file).run()
            if at.exception:
                raise RuntimeError(f"{entry.file}: {at.exception[0].value}")
            self.statements.append(Statement(entry.file, began, time.time(), {}, str(at.markdown[0].value)))

    def check(self) -> None:
        """`prosepolish check --json`, in a process of its own."""
        began = time.time()
        command = [str(Path(sys.executable).with_name("prosepolish")), "check", "--json"]
        done = subprocess.run(command, env=dict(self._environ), capture_output=True, text=True, check=False, timeout=60)
        told = json.loads(done.stdout)
        self.statements.append(Statement("check", began, time.time(), _states(told), told["sentence"]))

    def _repeat(self, name: str, read: Callable[[str], Mapping[str, str]]) -> None:
        while not self._over.wait(0.5):
            began = time.time()
            with suppress(OSError, ValueError, KeyError):  # the dashboard is slow to answer: it says nothing then
                states = read(self._world.get(name)[1])
                self.statements.append(Statement(name, began, time.time(), states))


def ready(text: str) -> Mapping[str, str]:
    """The states on /readyz."""
    return _states(json.loads(text))


def metrics(text: str) -> Mapping[str, str]:
    """The states on /metrics."""
    return dict(_STATE.findall(text))


def _states(told: Mapping[str, list[dict[str, str]]]) -> Mapping[str, str]:
    return {found["name"]: found["state"] for found in told["dependencies"]}
