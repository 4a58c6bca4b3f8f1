"""A server that a campaign takes away and gives back, and every way to do so."""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import redis

from demo.children import Child, DemoPart, spawn
from demo.embedded.ports import free_port

from .switch import Switch

PASSWORD, OTHER_PASSWORD = "right", "another"
#: Longest start of a server; a crashed PostgreSQL reads its log first.
START_S = 30.0
#: How long the bare client waits for one answer.
BARE_S = 0.3
#: All of our environment that a server sees.
ENV = {"LC_ALL": "C", "PATH": os.defpath}


class Server(ABC):
    """One server. Clients reach it at `address`, which is its own port, or one of the switch that leads there."""

    def __init__(self, name: str, folder: Path, switch: Switch | None) -> None:
        self.name, self.folder, self.switch = name, folder, switch
        self.port = free_port()
        self.child: Child | None = None
        self.old: Child | None = None
        self.start()
        self.address = switch("add", name, self.port) if switch else self.port

    @abstractmethod
    def part(self, port: int) -> DemoPart:
        """What to run."""

    @abstractmethod
    def answers(self, port: int) -> bool:
        """Whether a client that knows nothing of what was before is answered, a write included."""

    @abstractmethod
    def connections(self) -> int:
        """How many connections were made to it so far; the difference of two looks counts, less the look's own."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it."""

    def back(self) -> bool:
        """Whether the bare client is answered at the clients' address."""
        return self.answers(self.address)

    def start(self) -> None:
        """Start it; back when it answers."""
        self.child = spawn(self.part(self.port))
        wait_until(lambda: self.answers(self.port), f"{self.name} did not start")

    def kill(self) -> None:
        """SIGKILL to all its processes."""
        self._each(self.child, signal.SIGKILL)
        self.child = None

    def freeze(self) -> None:
        """SIGSTOP: the kernel goes on accepting connections, and nobody answers."""
        self._each(self.child, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._each(self.child, signal.SIGCONT)

    def refuse(self) -> None:
        """Nobody listens at the address any more; the server lives on."""
        self._turn("refuse")

    def swallow(self) -> None:
        """The address accepts and answers nothing; connections of before are as good as cut, and nobody is told."""
        self._turn("swallow")

    def lead(self) -> None:
        """The address leads to the server again; connections that were swallowed stay dead."""
        self._turn("lead_new")

    def leave(self) -> None:
        """Killed; nobody at the address."""
        self.kill()
        self._turn("refuse")

    def arrive(self) -> None:
        """Started at another port, with the data of before as far as it keeps any; the address leads there."""
        self.port = free_port()
        self.start()
        self._turn("lead")

    def mistrust(self) -> None:
        """Another password from now on; connections of before are ended."""
        raise ValueError(f"{type(self).__name__} is not lost in this way")

    def trust(self) -> None:
        """The right password again."""
        raise ValueError(f"{type(self).__name__} is not lost in this way")

    def demote(self) -> None:
        """Another server takes over the data and the writes;
        the address still leads to the old one, which refuses writes.
        """
        raise ValueError(f"{type(self).__name__} is not lost in this way")

    def follow(self) -> None:
        """New connections reach the new server; those to the old one live on."""
        self._turn("lead_new")

    def retire(self) -> None:
        """The old server ends at last."""
        if self.old is not None:
            self._each(self.old, signal.SIGKILL)
            self.old = None

    def stop(self) -> None:
        """End everything."""
        self.retire()
        if self.child is not None:
            self._each(self.child, signal.SIGKILL)

    def _turn(self, how: str) -> None:
        assert self.switch is not None
        self.switch(how, self.name, self.port)

    @staticmethod
    def _each(child: Child | None, number: signal.Signals) -> None:
        assert child is not None
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(child.process.pid)
            family = [root, *root.children(recursive=True)]
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
            if number is signal.SIGKILL:
                child.process.wait()
                psutil.wait_procs(family[1:], timeout=10)


def wait_until(so: Callable[[], bool], otherwise: str, within_s: float = START_S) -> None:
    """Look again and again until this is so."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with suppress(psycopg.Error, redis.RedisError):
            if so():
                return
        time.sleep(0.01)
    raise RuntimeError(otherwise)
