"""The keeper: looks at everything from a thread of its own, judges, and remembers since when; every surface tells that.

What it remembers it shares with other processes through PostgreSQL while that is there, and through a file of this
machine while it is not. No page waits for a look.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from .calc import numbers
from .calc.evidence import NO_CALLS, QUIET_S, TierEvidence, collectors, own_server, quiet, upstream
from .calc.standing import CONTINUED_S, Evidence, judge
from .errors import StoreUnavailable
from .forks import on_fork
from .health import Probes
from .model.outcome import Tier
from .model.sample import INFO
from .model.series import Pulse
from .model.standing import LABELS, OpenIncident, Probed, Standing, Standings, State
from .ports import PulseReader
from .upstreams import ASK_AGAIN_S
from .watch.alerts.standing_store import CONFIRMED_S
from .watch.counts.recent_calls import RecentCalls

#: Seconds between two looks; and between two while something is down, or amiss not for longer than this: the end of a
#: fault is to be told within two seconds, and what is degraded for good costs nothing more.
EVERY_S, AMISS_EVERY_S, FRESH_FAULT_S = 2.0, 0.4, 600.0
#: What is older than a few looks is no longer what the keeper says now.
STALE_S = 10.0
#: How long a surface waits for the very first look of a process.
FIRST_LOOK_S = 3.0
#: A row of the shared table is confirmed after this time, unless it changed.
CONFIRM_S = 10.0
TIERS = frozenset(tier.value for tier in Tier)
UPSTREAMS = (Tier.DICTIONARY_API.value, Tier.GEMINI.value)
#: The server that a source of the collectors is.
SOURCES = {"redis": "cache", "state": "state"}
#: A collector reads a server that came back within this time.
BACK_S = 15.0
log = logging.getLogger(__name__)


class StandingMemory(Protocol):
    """Where standings outlive a process. Both methods raise StoreUnavailable."""

    def read(self) -> Mapping[str, Standing]:
        """What was written last, by name."""

    def write(self, standings: Iterable[Standing]) -> None:
        """Write these; the others stay."""


class OpenIncidents(Protocol):
    """Which incidents go on."""

    def incidents(self) -> Sequence[OpenIncident]:
        """Each about a dependency, the oldest first. Raises StoreUnavailable."""


class StandingKeeper:
    """One per process. Thread-safe."""

    def __init__(
        self,
        probes: Probes,
        calls: RecentCalls,
        pulses: PulseReader,
        memories: Sequence[StandingMemory],
        incidents: OpenIncidents,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._probes, self._calls, self._pulse_reader, self._memories = probes, calls, pulses, memories
        self._incidents = incidents
        self._clock = clock
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """Nothing known yet, and no thread; so also in a forked child."""
        self._looking = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._known: dict[str, Standing] = {}
        self._counts: dict[str, TierEvidence] = {}
        self._open: Sequence[OpenIncident] = ()
        self._at = 0.0
        self._confirmed = 0.0
        self._looked = threading.Event()

    def start(self) -> None:
        """Look every few seconds until it is closed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="standings", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop; a look under way is not waited for, as its servers may hang."""
        self._stop.set()

    def newest(self) -> Standings:
        """What the thread saw last, never more than that while it runs; where none runs, one look now."""
        if self._thread is None:
            return self.look()
        self._looked.wait(FIRST_LOOK_S)
        now, known = self._clock(), self._known
        if now - self._at > STALE_S:
            known = {name: judge(known.get(name), _unseen(name, self._at, now), now) for name in LABELS}
        return Standings.of(known, now, self._open)

    def look(self, *, damped: bool = False) -> Standings:
        """Ask, judge and remember, now. Without damping a better answer counts at once."""
        with self._looking:
            again = {name: self._ask_again_s(name) for name in UPSTREAMS}
            probed = self._probes.ask(again)
            there = probed[Tier.POSTGRES.value].state is not State.DOWN
            shared = self._read_shared()
            now = round(self._clock(), 3)  # as exact as every memory keeps an instant
            self._counts = self._counted(now) if there else {}
            findings = self._findings(probed, self._pulses() if there else None, now)
            judged = {f.name: judge(self._known.get(f.name) or shared.get(f.name), f, now, damped=damped) for f in findings}
            judged = {name: _agreed(found, shared.get(name)) for name, found in judged.items()}
            down = frozenset(name for name, found in judged.items() if found.state is State.DOWN)
            judged = {name: self._with_effect(found, now, down, there=there) for name, found in judged.items()}
            judged = self._with_incidents(judged, there=there)
            changed = {name for name, found in judged.items() if (b := self._known.get(name)) is None or b.state is not found.state}
            self._known, self._at = judged, now
            self._looked.set()
            if self._thread is not None:
                self._share(shared, changed, now)
            return Standings.of(judged, now, self._open)

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self.look(damped=True)
            except Exception:
                log.exception("the standings could not be judged")
            every_s = AMISS_EVERY_S if any(map(self._may_end_soon, self._known.values())) else EVERY_S
            self._stop.wait(max(0.2, every_s - (time.monotonic() - began)))

    def _may_end_soon(self, found: Standing) -> bool:
        return found.state is State.DOWN or (found.state.amiss and self._clock() - found.since < FRESH_FAULT_S)

    # --- the evidence ---

    def _findings(self, probed: Mapping[str, Probed], pulses: list[Pulse] | None, now: float) -> list[Evidence]:
        found = []
        for name, answer in probed.items():
            counted = self._counts.get(name, NO_CALLS)
            if name in UPSTREAMS:
                found.append(upstream(answer, counted, now))
            else:
                counted = counted if self._well_below(name, now) else NO_CALLS._replace(minute=counted.minute)
                found.append(own_server(answer, counted, self._answering_since(name), now))
        readable_since = (self._answering_since(Tier.POSTGRES) or now) if self._known else None
        return [*found, collectors(pulses, self._away(probed, now), now, readable_since)]

    def _well_below(self, name: str, now: float) -> bool:
        """Whether all tiers below have been well for a while.

        A caller who waits in Redis for an answer from below, in vain, is counted as a call of Redis that took too long.
        """
        below = [self._known.get(tier.value) for tier in list(Tier)[list(Tier).index(Tier(name)) + 1 :]] if name in TIERS else []
        return all(known is not None and known.state is State.UP and now - known.since > BACK_S for known in below)

    def _away(self, probed: Mapping[str, Probed], now: float) -> frozenset[str]:
        """Sources whose server is away, or came back so lately that nobody has read it since."""
        back = now - BACK_S
        return frozenset(
            source
            for name, source in SOURCES.items()
            if probed[name].state is State.DOWN or (self._answering_since(name) or now) > back
        )

    def _counted(self, now: float) -> dict[str, TierEvidence]:
        calls = self._calls
        try:
            calls.read(now)
        except StoreUnavailable:
            return {}
        return {t.value: TierEvidence(calls.newest(t, now), calls.minute(t), calls.failed_at(t)) for t in Tier}

    def _ask_again_s(self, name: str) -> float:
        """An upstream that nobody calls is asked often, and so is one that is not well."""
        known, counted = self._known.get(name), self._counts.get(name, NO_CALLS)
        return QUIET_S if quiet(counted, self._clock()) or (known is not None and known.state.amiss) else ASK_AGAIN_S

    def _answering_since(self, name: str) -> float | None:
        known = self._known.get(name)
        return known.answering_since if known else None

    def _pulses(self) -> list[Pulse] | None:
        try:
            return self._pulse_reader.pulses(INFO)
        except StoreUnavailable:
            return None

    def _with_effect(self, found: Standing, now: float, down: frozenset[str], *, there: bool) -> Standing:
        """What users get at present; one that is down itself answers for nobody."""
        effect = None
        if there and found.state.amiss and found.name in TIERS:  # log-ins and limits are not counted
            with suppress(StoreUnavailable):
                effect = self._calls.effect(now, found.onset or found.since, without=found.name, down=down)
        return replace(found, effect=effect)

    def _with_incidents(self, judged: Mapping[str, Standing], *, there: bool) -> dict[str, Standing]:
        """Each fault with the newest incident that tells its course; while PostgreSQL is away those known before."""
        if there:
            with suppress(StoreUnavailable):
                self._open = self._incidents.incidents()
        known = {incident.cause: incident.id for incident in self._open}
        return {name: replace(found, incident=known.get(name, "") if found.state.amiss else "") for name, found in judged.items()}

    # --- what processes share ---

    def _read_shared(self) -> Mapping[str, Standing]:
        """Of each dependency what was confirmed last, in whichever memory: one may be read and take no writes."""
        found: dict[str, Standing] = {}
        for memory in self._memories:
            with suppress(StoreUnavailable):
                for name, row in memory.read().items():
                    if name not in found or row.seen_at > found[name].seen_at:
                        found[name] = row
        return found

    def _share(self, shared: Mapping[str, Standing], changed: set[str], now: float) -> None:
        """Write what changed; and now and then say that the rest goes on."""
        due = now - self._confirmed >= CONFIRM_S
        rows = [
            found for name, found in self._known.items() if name in changed or (due and _may_confirm(found, shared.get(name), now))
        ]
        for memory in self._memories if rows else ():
            with suppress(StoreUnavailable):
                memory.write(rows)
        if due:
            self._confirmed = now


def _unseen(name: str, at: float, now: float) -> Evidence:
    """Evidence that is too old to speak of now."""
    return Evidence(name, State.UNKNOWN, f"Nobody has looked for {numbers.age(now - at)}." if at else "Nobody has looked yet.")


def _agreed(found: Standing, shared: Standing | None) -> Standing:
    """The same state seen by another process earlier: its `since` is everybody's."""
    if shared is None or shared.state is not found.state or shared.since >= found.since:
        return found
    came_between = found.past is not None and shared.since < found.past.ended
    if came_between or found.seen_at - shared.seen_at > CONTINUED_S:
        return found
    onset = None if found.onset is None else min(found.onset, shared.onset or shared.since)
    return replace(found, since=shared.since, onset=onset)


def _may_confirm(found: Standing, shared: Standing | None, now: float) -> bool:
    """Whether this row is ours to write: nobody sees it otherwise, or nobody who does has said so lately."""
    return shared is None or shared.state is found.state or now - shared.seen_at > CONFIRMED_S
