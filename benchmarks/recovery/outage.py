"""One row: take the server away, give it back, and watch until everything is well and stays well."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import NamedTuple

from .control import Lateness
from .core_process import PAUSE_S
from .faults import FAULTS
from .looks import BAR_S, LOOKS, TOLD_LATE
from .lost_server import wait_until
from .probes import PAID, UNTYPED, WRONG
from .rows import Row
from .settling import Seen, Settled, by_name, settled
from .stack import Stack

#: How long it must stay well, and how often that is looked at.
HOLD_S, EVERY_S = 1.5, 0.25
HERD_S = 1.0
#: Outages up to this long are made while the machine is ours; longer ones end when it is.
MOMENT_S = 5.0


class Result(NamedTuple):
    """What a row showed."""

    row: Row
    away_s: float
    settled: dict[str, Settled]
    herd: int
    counts: Counter[str]
    amiss: list[str]
    control: Lateness

    @property
    def late(self) -> dict[str, Settled]:
        """What missed its bar, the slowest first."""
        missed = {name: one for name, one in self.settled.items() if one.after_s is None or one.after_s > bar(name)}
        return dict(sorted(missed.items(), key=lambda pair: -seconds(pair[1])))

    @property
    def worst(self) -> tuple[str, Settled]:
        """The slowest measured by its bar."""
        return max(self.settled.items(), key=lambda pair: seconds(pair[1]) - bar(pair[0]))

    @property
    def holds(self) -> bool:
        """Everything came back in time, and nothing was told wrong meanwhile."""
        return not self.late and not self.counts[WRONG] and not self.counts[UNTYPED]

    @property
    def distorted(self) -> bool:
        """The machine itself was too busy to say."""
        return self.control.distorts


def bar(name: str) -> float:
    """Seconds after the return within which this must be well."""
    return LOOKS[name].bar_s if name in LOOKS else BAR_S


def seconds(one: Settled) -> float:
    """For sorting: never is longest."""
    return float("inf") if one.after_s is None else one.after_s


def run(stack: Stack, row: Row, patience_s: float, alone: AbstractContextManager[object] | None = None) -> Result:
    """The row on this stack, which is well. `patience_s`: after this it counts as never back.

    `alone` is held while it is measured: a machine on which other stacks are measured or started too says nothing. An
    outage longer than a moment may last a little longer than it is called, until the machine is free.
    """
    turn = alone or nullcontext()
    server, fault = stack.servers[row.dependency], FAULTS[row.fault]
    with ExitStack() as held:
        if row.away_s <= MOMENT_S:
            held.enter_context(turn)
        if row.busy:
            stack.look(True)
            stack.tell("busy", 0.0 if row.put_together else PAUSE_S)
            time.sleep(0.5)
        stack.take()
        fault.breaks(server)
        broken = time.monotonic()
        time.sleep(row.away_s)
        if row.away_s > MOMENT_S:
            held.enter_context(turn)
        if row.put_together:
            stack.tell("busy", PAUSE_S)
        fault.mends(server)
        wait_until(server.back, f"{row.dependency} did not come back")
        back = time.monotonic()
        stack.control.take()
        if not row.busy:
            stack.look(True)
        watch = _Watch(stack, row, patience_s, back)
        found = watch.until_well([name for name in stack.asked if name not in TOLD_LATE])
        control = stack.control.take()
        stack.tell("busy", -1)
        stack.tell("ask", 0)
    found |= watch.until_well(TOLD_LATE)
    stack.look(False)
    server.retire()
    return Result(row, back - broken, found, watch.herd, watch.counts, watch.amiss, control)


class _Watch:
    """What is seen after the return."""

    def __init__(self, stack: Stack, row: Row, patience_s: float, back: float) -> None:
        self._stack, self._server = stack, stack.servers[row.dependency]
        self._patience_s, self._back = patience_s, back
        self._seen: list[Seen] = []
        self._before = self._server.connections()
        self.herd = -1
        self.counts: Counter[str] = Counter()
        self.amiss: list[str] = []

    def until_well(self, names: Iterable[str]) -> dict[str, Settled]:
        """Until each of these has been well for a while."""
        while True:
            time.sleep(EVERY_S)
            new, told = self._stack.take()
            self._seen += new
            self.counts.update(told["counts"])
            self.amiss += told["amiss"]
            since = time.monotonic() - self._back
            if self.herd < 0 and since >= HERD_S:
                self.herd = self._server.connections() - self._before
            answers = by_name(self._seen)
            found = {name: settled(answers.get(name, ()), self._back, repeats=name not in PAID) for name in names}
            slowest = max(seconds(one) for one in found.values())
            given_up = max([self._patience_s, *(bar(name) for name, one in found.items() if one.after_s is None)])
            if since > min(slowest + HOLD_S, given_up) and self.herd >= 0:
                return found
