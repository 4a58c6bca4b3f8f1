"""A really running stack, broken in ten ways: what every page, /readyz, /metrics and `check` say during and after."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.recovery.lost_server import wait_until
from benchmarks.recovery.stack import Stack
from dashboard import runtime
from prosepolish_core import Config, Core
from prosepolish_core.model.standing import LABELS

from .proof import Proof
from .stack_script import FEW_REAL, REAL, RealFault
from .surfaces import Statement, Surfaces

#: Everything is to say so within this time, and to say that it is over within this time.
SAID_S = 10.0
#: A fault lasts until everything was asked, and at least so long: alerts hold for a while before they fire.
LEAST_S, QUIET_S = 40.0, 12.0
DETECTED_S = 30.0
#: Mean pause of a caller.
PAUSE_S = 1.0


class Happened(NamedTuple):
    """One fault, from when to when, and the seconds until its incident stood in the store (None: it never did)."""

    fault: RealFault
    begins: float
    ends: float
    detected_s: float | None
    incidents: int


def run(seed: int, full: bool) -> Iterator[Proof]:
    """The rows of the running stack."""
    faults = REAL if full else FEW_REAL
    with Stack(switched=False, seed=seed) as stack, Core.open(Config.from_env(stack.environ)) as core:
        runtime.install(core)
        core.standings.start()
        stack.tell("busy", PAUSE_S)
        surfaces = Surfaces(stack.world, stack.environ)
        try:
            surfaces.tour()
            time.sleep(QUIET_S)
            happened = [broken(stack, surfaces, fault) for fault in faults]
        finally:
            surfaces.close()
            stack.tell("busy", -1)
    yield from judged(happened, surfaces.statements)


def broken(stack: Stack, surfaces: Surfaces, fault: RealFault) -> Happened:
    """Break it, ask everything, mend it, and ask everything again."""
    server = stack.servers[fault.server]
    begins = time.time()
    fault.breaks(server)
    surfaces.tour()
    time.sleep(max(0.0, begins + SAID_S - time.time()))
    surfaces.tour()
    surfaces.check()
    time.sleep(max(0.0, begins + LEAST_S - time.time()))
    fault.mends(server)
    wait_until(server.back, f"{fault.server} did not come back")
    ends = time.time()
    time.sleep(SAID_S)
    surfaces.tour()
    surfaces.check()
    time.sleep(QUIET_S)
    rows = stack.world.sql(
        f"SELECT extract(epoch FROM min(a.fired_at))::float8, count(DISTINCT i.id) FROM incident i JOIN incident_alert a ON"
        f" a.incident = i.id WHERE a.fired_at >= to_timestamp({begins})"
    )
    fired, incidents = rows[0]
    return Happened(fault, begins, ends, None if fired is None else fired - begins, incidents)


def judged(happened: Sequence[Happened], statements: Sequence[Statement]) -> Iterator[Proof]:
    """The rows."""
    false = [line for one in happened for line in false_statements(one, statements)]
    for line in false:
        print(f"  false: {line}")
    total, surfaces = len(happened), len({one.surface for one in statements})
    yield Proof(
        f"{total} faults of a running stack: false statements",
        "0",
        f"{len(false)} of {len(statements):,} statements on {surfaces} surfaces",
        not false,
    )
    said = {one.fault.name: said_after(one, statements) for one in happened}
    for name, after in said.items():
        print(f"  {after:5.1f} s until all of them say: {name}")
    yield Proof(
        "the same: until every page says it",
        f"<= {SAID_S:g} s",
        f"longest {max(said.values()):.1f} s",
        max(said.values()) <= SAID_S,
    )
    found = [one.detected_s for one in happened if one.detected_s is not None]
    median = statistics.median(found) if found else float("inf")
    for one in happened:
        print(f"  alert after {one.detected_s} s, {one.incidents} incidents: {one.fault.name}")
    yield Proof(
        "the same: alerts fired; median time",
        f"{total}; <= {DETECTED_S:g} s",
        f"{len(found)}; {median:.0f} s",
        len(found) == total and median <= DETECTED_S,
    )
    opened = sum(one.incidents for one in happened)
    yield Proof("the same: incidents", str(total), str(opened), all(one.incidents == 1 for one in happened))


def false_statements(one: Happened, statements: Sequence[Statement]) -> Iterator[str]:
    """What was said when it had to be known that it is otherwise."""
    for said in statements:
        if one.begins + SAID_S <= said.began and said.ended <= one.ends:
            wrong = _wrong_during(one.fault, said)
        elif one.ends + SAID_S <= said.began and said.ended <= one.ends + SAID_S + QUIET_S:
            wrong = _wrong_after(said)
        else:
            continue
        if wrong:
            yield f"{one.fault.name}, {said.began - one.begins:.1f} s after it began: {said.surface} says {wrong}"


def said_after(one: Happened, statements: Sequence[Statement]) -> float:
    """Seconds from the fault until no surface said otherwise any more."""
    during = [said for said in statements if one.begins <= said.began and said.ended <= one.ends]
    late = [said.began - one.begins for said in during if _wrong_during(one.fault, said)]
    after = [said.began - one.begins for said in during if said.began - one.begins > max(late, default=0.0)]
    return min(after, default=float("inf")) if late else 0.0


def _wrong_during(fault: RealFault, said: Statement) -> str:
    if said.line:
        names = [label for label in LABELS.values() if f"{label} down" in said.line or f"{label} degraded" in said.line]
        if fault.label not in names:
            return said.line
        others = [name for name, label in LABELS.items() if label in names and label != fault.label]
        if said.surface != "check":
            return said.line if others else ""
    return _named({name: state for name, state in said.states.items() if not fault.true(name, state)})


def _wrong_after(said: Statement) -> str:
    if said.line and any(f"{label} {state}" in said.line for label in LABELS.values() for state in ("down", "degraded")):
        return said.line
    return _named({name: state for name, state in said.states.items() if state in {"down", "degraded"}})


def _named(states: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {state}" for name, state in states.items())
