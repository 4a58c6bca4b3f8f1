"""Forty faults, one after the other on one line of time: what is said of them, how soon, and what of it is false."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._samples import database
from demo.history.faults import WorldFault, fault
from prosepolish_core.calc.incidents import dependency
from prosepolish_core.calc.status_sentence import status_line
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import Incident, Message
from prosepolish_core.model.standing import Standings
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.rules import BY_NAME
from prosepolish_core.watch.alerts.teller import Channel
from prosepolish_core.watch.alerts.telling import AlertText

from .fault_script import FEW, SCRIPT, Truth
from .proof import Proof
from .simulated_stack import HEARD_S, STEP_S, SimulatedStack

#: From the end of a fault to the beginning of the next: longer than any rule looks back, the week apart.
APART_S, AROUND_S = 4500.0, 1500.0
#: All is well for so long before the first fault.
LEAD_S = 600.0
#: A fault that is not found by so long after its end is missed; what is said of it later is false.
FOUND_WITHIN_S = 1800.0
RECALL, DETECTED_S, SHOWN_S = 0.97, 30.0, 10.0


class Pace(NamedTuple):
    """Seconds heard before the first look, between two faults, looked at closely around each, and of each fault.

    A fault without a length lasts as long as such faults do.
    """

    heard_s: float = HEARD_S
    apart_s: float = APART_S
    around_s: float = AROUND_S
    lasts_s: float | None = None


USUAL = Pace()


class Told(NamedTuple):
    """A message that somebody got."""

    at: float
    message: Message
    text: str
    causes: tuple[str, ...]


class Seen(NamedTuple):
    """What one look at the pages' sources showed: the first line, and the open incidents (id, dependency)."""

    at: float
    level: Level
    line: str
    open: frozenset[tuple[str, str]]


class Course(NamedTuple):
    """All that happened."""

    truths: Sequence[Truth]
    incidents: Sequence[Incident]
    told: Sequence[Told]
    seen: Sequence[Seen]


def run(seed: int, full: bool) -> Iterator[Proof]:
    """The rows of the scripted faults."""
    kinds = list(SCRIPT if full else FEW)
    random.Random(seed).shuffle(kinds)
    course = play(kinds, seed)
    yield from judged(course)


def play(kinds: Sequence[str], seed: int, pace: Pace = USUAL) -> Course:
    """Break one thing after the other and note what is said."""
    began = time.time() // 10 * 10
    faults, begins = list[WorldFault](), began + pace.heard_s + min(LEAD_S, pace.apart_s)
    for kind in kinds:
        faults.append(fault(kind, begins, pace.lasts_s))
        begins = faults[-1].ends + pace.apart_s
    told, seen = list[Told](), list[Seen]()

    def hears(message: Message, text: AlertText, body: dict[str, Any]) -> None:
        causes = tuple(body["groupLabels"]["cause"].split(","))
        told.append(Told(stack.now, message, text.text, causes))

    with database() as (_pool, url), tempfile.TemporaryDirectory(prefix="pp-alerts-") as folder:
        stack = SimulatedStack(url, began, faults[-1].ends + pace.apart_s, faults, seed, [Channel("phone", hears)], Path(folder))
        try:
            for now in stack.looks(pace.around_s, pace.heard_s):
                if stack.there:
                    seen.append(_look(stack, now))
            window = Window(datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(now + 1, UTC))
            incidents = [stack.alerts.incident(i.id) or i for i in reversed(stack.alerts.incidents(window, 10_000))]
        finally:
            stack.close()
    truths = [Truth(f.kind, f.about, f.begins, f.ends) for f in faults]
    return Course(truths, incidents, told, seen)


def _look(stack: SimulatedStack, now: float) -> Seen:
    goes_on = stack.standings.incidents()
    line = status_line(Standings.of({}, now, goes_on), now)
    return Seen(now, line.level, line.text, frozenset((one.id, one.cause) for one in goes_on))


def judged(course: Course) -> Iterator[Proof]:
    """The rows."""
    found = {truth: first_alert(course, truth) for truth in course.truths}
    missed = [truth.kind for truth, after in found.items() if after is None]
    times = {truth.kind: after for truth, after in found.items() if after is not None}
    false = list(false_statements(course))
    for line in false:
        print(f"  false: {line}")
    for kind, after in sorted(times.items(), key=lambda pair: pair[1]):
        print(f"  {after:7.0f} s until {kind} is found")
    total = len(course.truths)
    yield Proof(
        f"{total} scripted faults: false statements in alerts, messages, first lines, incidents", "0", str(len(false)), not false
    )
    recall = len(times) / total
    yield Proof("the same: recall", f">= {RECALL}", f"{recall:.3f}" + "".join(f" -{kind}" for kind in missed), recall >= RECALL)
    median = statistics.median(times.values())
    yield Proof(
        "the same: median time to detect",
        f"<= {DETECTED_S:g} s",
        f"{median:.0f} s (longest {max(times.values()):.0f} s)",
        median <= 30,
    )
    slowest = max((shown for truth in course.truths if (shown := shown_after(course, truth)) is not None), default=0.0)
    yield Proof(
        "the same: from the alert until the pages have it", f"<= {SHOWN_S:g} s", f"longest {slowest:.0f} s", slowest <= SHOWN_S
    )
    split = {t.kind: n for t in course.truths if (n := len(incidents_of(course, t))) != 1}
    opened = len(course.incidents)
    yield Proof(
        f"the same: incidents opened for {total} faults",
        str(total),
        f"{opened}" + "".join(f", {kind}: {number}" for kind, number in split.items()),
        opened == total and not split,
    )


def incidents_of(course: Course, truth: Truth) -> list[Incident]:
    """Those that began while the fault was felt, and before the next one."""
    following = min((t.begins for t in course.truths if t.begins > truth.begins), default=float("inf")) - STEP_S
    until = min(truth.ends + FOUND_WITHIN_S, following)
    return [i for i in course.incidents if truth.begins - STEP_S <= i.began < until]


def first_alert(course: Course, truth: Truth) -> float | None:
    """Seconds until an alert fired that is true of this fault."""
    fired = [
        alert.fired_at - truth.begins
        for incident in incidents_of(course, truth)
        for alert in incident.alerts
        if truth.explains(BY_NAME[alert.rule].cause_of(alert.labels), consequence=BY_NAME[alert.rule].consequence)
    ]
    return min(fired, default=None)


def shown_after(course: Course, truth: Truth) -> float | None:
    """Seconds from the first alert until an incident about it stands in the store, from which every page reads."""
    after = first_alert(course, truth)
    if after is None:
        return None
    ids = {incident.id for incident in incidents_of(course, truth)}
    readable = [s for s in course.seen if s.at >= truth.begins + after]
    shown = next((s.at for s in readable if ids & {name for name, _ in s.open}), None)
    return None if shown is None else shown - readable[0].at


def false_statements(course: Course) -> Iterator[str]:
    """Every one, in words."""
    for incident in course.incidents:
        truth = next((t for t in course.truths if incident in incidents_of(course, t)), None)
        if truth is None:
            yield f"an incident about {incident.cause} while nothing is broken: {[a.rule for a in incident.alerts]}"
            continue
        for alert in incident.alerts:
            rule = BY_NAME[alert.rule]
            if not truth.explains(rule.cause_of(alert.labels), consequence=rule.consequence):
                yield f"{truth.kind}: {alert.rule} {dict(alert.labels)} fires at {alert.value} although that is well"
        if dependency(incident.cause) not in {truth.dependency, dependency(truth.about)} and incident.alerts:
            yield f"{truth.kind}: the incident is called {incident.cause}"
    for one in course.told:
        goes_on = next((t for t in course.truths if t.begins <= one.at < t.ends), None)
        if one.message.kind == "resolved" and goes_on:
            yield f"{goes_on.kind}: told to be over {goes_on.ends - one.at:.0f} s before its end"
    told = set[str]()
    for look in course.seen:
        felt = [t for t in course.truths if t.begins <= look.at <= t.ends + FOUND_WITHIN_S + AROUND_S]
        if look.level is not Level.OK and not felt and (what := look.line.partition(", since")[0]) not in told:
            told.add(what)
            yield f"a first line while nothing is broken: {look.line}"
