"""What calls for a mark between two runs of one source: one table of detectors. Pure.

Resets, flushes, gaps, settings, versions, roles, evictions that begin, clients that jump, collectors that take over.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from ...calc.counters import Reset, classify
from ...model.sample import Labels
from .catalogue import Layout
from .packing import Numbers

Key = tuple[str, Labels]
UPTIME, PG_UPTIME, EVICTED = ("uptime_in_seconds", ()), ("postgres_uptime_seconds", ()), ("evicted_keys", ())
CLIENTS, MAXMEMORY = ("connected_clients", ()), ("maxmemory", ())
FLUSHALL, FLUSHDB = (("cmdstat_calls", (("cmd", name),)) for name in ("flushall", "flushdb"))
CLOCK_JUMPS, EVENT_GAPS, LEASES = ("collector_clock_jumps", ()), ("attributed_gaps", ()), ("collector_leases", ())
#: Every number that a detector looks at.
WATCHED: frozenset[Key] = frozenset(
    {UPTIME, PG_UPTIME, EVICTED, CLIENTS, MAXMEMORY, FLUSHALL, FLUSHDB, CLOCK_JUMPS, EVENT_GAPS, LEASES},
)
#: Evictions begin where there were none for so long.
QUIET = timedelta(minutes=10)
#: Clients jump when between two runs so many come or go, and at least this share of the larger number.
MOST_COMING, COMING_SHARE = 20.0, 0.5


class Seen(NamedTuple):
    """What a run showed. `watched`: the numbers that detectors look at; `evicted_at`: the last run that saw evictions.

    A run that was read back from the store has no layout.
    """

    tick: int
    ts: datetime
    layout: Layout | None
    values: Numbers
    state: Mapping[str, str]
    watched: Mapping[Key, float]
    evicted_at: datetime | None = None


class Finding(NamedTuple):
    """A mark that is called for: its kind, and its text after the name of the source."""

    kind: str
    text: str


#: What each reset says on the charts.
RESET_TEXTS = {
    Reset.RESTART: "{source} restarted",
    Reset.RESETSTAT: "{source}: statistics were reset",
    Reset.FAILOVER: "{source}: another server of the same replication group answers",
    Reset.SWAP: "{source}: another server answers at this address",
}
#: Resets after which nothing that was counted belongs to this interval.
OTHER_SERVER = frozenset({Reset.FAILOVER, Reset.SWAP})
ROLES = {"master": "primary", "slave": "replica"}


def _reset(before: Seen | None, now: Seen) -> Reset | None:
    """Why the counters of the observed process began again, if they did."""
    if before is None or not now.state:
        return None
    return classify(
        before.state,
        now.state,
        fell=_fell(before, now),
        uptime_before_s=_uptime(before),
        uptime_after_s=_uptime(now),
        elapsed_s=(now.ts - before.ts).total_seconds(),
    )


def _resets(_before: Seen | None, _now: Seen, kind: Reset | None) -> Iterator[Finding]:
    if kind:
        yield Finding(str(kind), RESET_TEXTS[kind])


def _flushes(before: Seen | None, now: Seen, kind: Reset | None) -> Iterator[Finding]:
    """A counter that is not there yet is 0. Of another server, what it counted before it answered here is not told."""
    if before is None or kind in OTHER_SERVER:
        return
    for key, told in (
        (FLUSHALL, "{source}: FLUSHALL removed every key"),
        (FLUSHDB, "{source}: FLUSHDB removed every key of a database"),
    ):
        if _grown(before, now, key):
            yield Finding("flush", told)


def _gaps(before: Seen | None, now: Seen, _kind: Reset | None) -> Iterator[Finding]:
    """Counted by the collector, from 0 when it begins: a first run that counts one is a gap too."""
    if _grown(before, now, CLOCK_JUMPS):
        text = "{source}: the clock jumped; samples around here are missing, or stand at the time it showed then"
        yield Finding("gap", text)
    if _grown(before, now, EVENT_GAPS):
        yield Finding("gap", "{source}: key events were not heard for a while, the connection was lost")


def _settings(before: Seen | None, now: Seen, _kind: Reset | None) -> Iterator[Finding]:
    """Of what CONFIG GET (or an export) gives, and of the two that INFO repeats at every reading."""
    if before is None:
        return
    for name in now.state:
        if name == "maxmemory_policy" or name.startswith("config."):
            yield from _changed(before, now, name, name.removeprefix("config.").replace("_policy", "-policy"))
    old, new = before.watched.get(MAXMEMORY), now.watched.get(MAXMEMORY)
    if old is not None and new is not None and old != new:
        yield Finding("config", f"{{source}}: maxmemory {old:.0f} → {new:.0f}")


def _changed(before: Seen, now: Seen, name: str, shown: str) -> Iterator[Finding]:
    old, new = before.state.get(name), now.state[name]
    if old is not None and old != new:
        yield Finding("config", f"{{source}}: {shown} {_escaped(old)} → {_escaped(new)}")


def _versions(before: Seen | None, now: Seen, _kind: Reset | None) -> Iterator[Finding]:
    old, new = ("" if seen is None else seen.state.get("version", "") for seen in (before, now))
    if old and new and old != new:
        yield Finding("version", f"{{source}}: version {_escaped(old)} → {_escaped(new)}")


def _roles(before: Seen | None, now: Seen, _kind: Reset | None) -> Iterator[Finding]:
    """The same process in another role. Another process is told as a reset."""
    if before is None or before.state.get("run_id") != now.state.get("run_id"):
        return
    old, new = (ROLES.get(seen.state.get("role", ""), "") for seen in (before, now))
    if old and new and old != new:
        yield Finding("failover", f"{{source}}: the {old} is now a {new}")


def _evictions(before: Seen | None, now: Seen, kind: Reset | None) -> Iterator[Finding]:
    if before is None or kind in OTHER_SERVER or not _grown(before, now, EVICTED):
        return
    if before.evicted_at is None or now.ts - before.evicted_at > QUIET:
        yield Finding("evicting", "{source}: evictions begin, memory is full")


def _clients(before: Seen | None, now: Seen, kind: Reset | None) -> Iterator[Finding]:
    if before is None or kind:
        return
    old, new = before.watched.get(CLIENTS), now.watched.get(CLIENTS)
    if old is not None and new is not None and abs(new - old) >= max(MOST_COMING, COMING_SHARE * max(old, new)):
        yield Finding("clients", f"{{source}}: clients {old:.0f} → {new:.0f}")


def _takeovers(before: Seen | None, now: Seen, _kind: Reset | None) -> Iterator[Finding]:
    """Of the collectors' own runs: another process at this place, or the same one with more sources to read."""
    old, new = ("" if seen is None else seen.state.get("process", "") for seen in (before, now))
    if before is None or not (old and new):
        return
    if old != new:
        yield Finding("takeover", "{source}: another process took over")
    elif (more := now.watched.get(LEASES, 0.0) - before.watched.get(LEASES, 0.0)) > 0:
        yield Finding("takeover", f"{{source}}: took over {more:.0f} more to read")


Detector = Callable[[Seen | None, Seen, Reset | None], Iterator[Finding]]
DETECTORS: tuple[Detector, ...] = (_resets, _flushes, _gaps, _settings, _versions, _roles, _evictions, _clients, _takeovers)


def findings(before: Seen | None, now: Seen, source: str) -> list[Finding]:
    """The marks that a run calls for after the one before (None: there is none)."""
    kind = _reset(before, now)
    found = [finding for detector in DETECTORS for finding in detector(before, now, kind)]
    return [Finding(f.kind, f.text.format_map({"source": source})) for f in found]


def followed(before: Seen | None, now: Seen) -> Seen:
    """The run with what is to be remembered of those before."""
    if before is None:
        return now
    return now._replace(evicted_at=now.ts if _grown(before, now, EVICTED) else before.evicted_at)


def _grown(before: Seen | None, now: Seen, key: Key) -> bool:
    """Whether a counter grew, reset-safe: one that fell, or was not there, began again at 0."""
    value = now.watched.get(key, 0.0)
    known = 0.0 if before is None else before.watched.get(key, 0.0)
    return value > (known if value >= known else 0.0)


def _escaped(text: str) -> str:
    """A server's own words inside a template."""
    return (text or '""').replace("{", "{{").replace("}", "}}")


def _fell(before: Seen, now: Seen) -> bool:
    if before.layout is None or now.layout is None:
        return False
    if before.layout is now.layout:
        return bool(((now.values < before.values) & now.layout.counters).any())
    old = dict(zip(before.layout.facts, before.values.tolist(), strict=True))
    counters = np.flatnonzero(now.layout.counters)
    return any(now.values[i] < old.get(now.layout.facts[i], -np.inf) for i in counters)


def _uptime(seen: Seen) -> float | None:
    return seen.watched.get(UPTIME, seen.watched.get(PG_UPTIME))
