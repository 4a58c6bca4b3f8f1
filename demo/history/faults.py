"""What can go wrong in a simulated world: each fault turns the knobs it would turn, and says what it is about."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .knobs import Flags, Instance, Knobs, Numbers

#: Seconds in which a cache that lost its content has most of it again.
WARM_S = 420.0


class WorldFault(NamedTuple):
    """One fault at a time. `about` is the dependency that is broken, as incidents name their cause."""

    kind: str
    about: str
    begins: float
    ends: float

    def turn(self, knobs: Knobs) -> None:
        """Make it true."""
        KINDS[self.kind].turn(knobs, self)


class WorldFaultKind(NamedTuple):
    """One kind of fault: what it is about, how long it lasts by itself (seconds), and what it does."""

    about: str
    lasts_s: float
    turn: Callable[[Knobs, WorldFault], None]


def _instance(knobs: Knobs, fault: WorldFault) -> Instance:
    return knobs.state if fault.about == "state" else knobs.cache


def _down(*, keeps: bool = True, restarts: bool = True) -> Callable[[Knobs, WorldFault], None]:
    """Nothing answers; afterwards another process does, with its content or without."""

    def turn(knobs: Knobs, fault: WorldFault) -> None:
        on = knobs.while_(fault.begins, fault.ends)
        instance = _instance(knobs, fault)
        instance.ready &= ~on
        if restarts:
            instance.starts += knobs.at >= fault.ends
        if fault.about == "cache":
            knobs.tiers["redis"].fails[on] = 1.0
            if not keeps:
                _cold(knobs, fault.ends)

    return turn


def _cold(knobs: Knobs, since: float) -> None:
    """What was cached is gone and comes back with use."""
    warm = 1.0 - np.exp(-np.maximum(knobs.at - since, 0.0) / WARM_S)
    after = knobs.at >= since
    knobs.tiers["redis"].hits[after] *= (0.35 + 0.65 * warm)[after]
    knobs.llm_hits[after] *= warm[after]


def _slow(knobs: Knobs, fault: WorldFault) -> None:
    on = knobs.while_(fault.begins, fault.ends)
    instance = _instance(knobs, fault)
    instance.slow[on] = 40.0
    instance.busy[on] = 0.55
    if fault.about == "cache":
        knobs.tiers["redis"].slow[on] = 12.0


def _refusing(knobs: Knobs, fault: WorldFault) -> None:
    """At maxclients: who is connected goes on, new ones are turned away."""
    on = knobs.while_(fault.begins, fault.ends)
    instance = _instance(knobs, fault)
    instance.rejected[on] = 4.0
    instance.clients[on] = 998.0
    if fault.about == "cache":
        knobs.tiers["redis"].fails[on] = 0.3


def _says(word: str, fails: float, per_s: float = 3.0) -> Callable[[Knobs, WorldFault], None]:
    """The server answers with this error."""

    def turn(knobs: Knobs, fault: WorldFault) -> None:
        on = knobs.while_(fault.begins, fault.ends)
        _instance(knobs, fault).errors.setdefault(word, np.zeros(len(knobs.at)))[on] = per_s
        if fault.about == "cache":
            knobs.tiers["redis"].fails[on] = fails
        if word == "OOM":
            _instance(knobs, fault).used[on] = 0.999

    return turn


def _wrong_password(knobs: Knobs, fault: WorldFault) -> None:
    """The collectors are refused as well as the core."""
    on = knobs.while_(fault.begins, fault.ends)
    _instance(knobs, fault).ready &= ~on
    if fault.about == "cache":
        knobs.tiers["redis"].fails[on] = 1.0


def _flushed(knobs: Knobs, fault: WorldFault) -> None:
    instance = _instance(knobs, fault)
    at = int(np.searchsorted(knobs.at, fault.begins))
    instance.flushes[at] += 1
    instance.used[at:] *= 0.2 + 0.8 * (1.0 - np.exp(-(knobs.at[at:] - fault.begins) / WARM_S))
    if fault.about == "cache":
        _cold(knobs, fault.begins)


def _evicting(knobs: Knobs, fault: WorldFault) -> None:
    """Too small for its content: keys leave long before their time."""
    on = knobs.while_(fault.begins, fault.ends)
    knobs.cache.used[on] = 0.999
    knobs.cache.evicted[on] = 160.0
    knobs.tiers["redis"].hits[on] *= 0.8


def _evicts_sessions(knobs: Knobs, fault: WorldFault) -> None:
    on = knobs.while_(fault.begins, fault.ends)
    knobs.state.evicted[on] = 2.0
    knobs.state.protected[on] = 2.0


def _leak(knobs: Knobs, fault: WorldFault) -> None:
    """Memory of the state server grows until somebody stops it."""
    on = knobs.while_(fault.begins, fault.ends)
    share = (knobs.at - fault.begins) / (fault.ends - fault.begins)
    knobs.state.used[on] = np.minimum(0.995, 0.6 + 1.2 * share[on])


def _postgres(connected: bool, fails: float, *, writes: bool = False, answers: bool = False) -> Callable[[Knobs, WorldFault], None]:
    def turn(knobs: Knobs, fault: WorldFault) -> None:
        on = knobs.while_(fault.begins, fault.ends)
        if not answers:
            knobs.postgres &= ~on
        if not writes:
            knobs.writes &= ~on
        knobs.tiers["postgres"].fails[on] = fails
        if connected:
            knobs.connections[on] = 99.0

    return turn


def _slow_postgres(knobs: Knobs, fault: WorldFault) -> None:
    knobs.tiers["postgres"].slow[knobs.while_(fault.begins, fault.ends)] = 10.0


def _upstream(fails: float, slow: float = 1.0, *, refuses: bool = False) -> Callable[[Knobs, WorldFault], None]:
    def turn(knobs: Knobs, fault: WorldFault) -> None:
        on, tier = knobs.while_(fault.begins, fault.ends), knobs.tiers[fault.about]
        tier.fails[on] = fails
        tier.slow[on] = slow
        if refuses:
            tier.refuses = on if tier.refuses is None else tier.refuses | on

    return turn


def _bad_deploy(knobs: Knobs, fault: WorldFault) -> None:
    """A deploy that spells keys another way: less is found."""
    knobs.tiers["redis"].hits[knobs.while_(fault.begins, fault.ends)] = 0.72


def _storm(knobs: Knobs, fault: WorldFault) -> None:
    """Somebody loops over texts that nobody has asked for before."""
    knobs.storm[knobs.while_(fault.begins, fault.ends)] = 25.0


def _lag(knobs: Knobs, fault: WorldFault) -> None:
    on = knobs.while_(fault.begins, fault.ends)
    knobs.cache.lag_s[on] = np.minimum(120.0, knobs.at[on] - fault.begins)


def _churn(knobs: Knobs, fault: WorldFault) -> None:
    knobs.cache.connects[knobs.while_(fault.begins, fault.ends)] = 40.0


def _unread(knobs: Knobs, fault: WorldFault) -> None:
    """The collector of the cache hangs."""
    knobs.reads_cache &= ~knobs.while_(fault.begins, fault.ends)


def _clock(knobs: Knobs, fault: WorldFault) -> None:
    """The collectors' clock is set forward: they miss some runs and say so."""
    at = int(np.searchsorted(knobs.at, fault.begins))
    knobs.jumps[at] += 1
    knobs.collectors &= ~knobs.while_(fault.begins, fault.begins + 45.0)


MINUTE: float = 60.0
UPSTREAMS = ("dictionary_api", "gemini")
KINDS: dict[str, WorldFaultKind] = {
    **{f"{name}_{how}": WorldFaultKind(name, *rest) for name in ("cache", "state") for how, rest in {
        "stopped": (7 * MINUTE, _down(keeps=False)),
        "killed": (45.0, _down(keeps=False)),
        "slow": (15 * MINUTE, _slow),
        "refusing": (5 * MINUTE, _refusing),
        "wrong_password": (6 * MINUTE, _wrong_password),
        "read_only": (5 * MINUTE, _says("READONLY", 0.12)),
        "flushed": (1.0, _flushed),
        "failed_over": (40.0, _down()),
    }.items()},
    "cache_full": WorldFaultKind("cache", 25 * MINUTE, _evicting),
    "state_full": WorldFaultKind("state", 8 * MINUTE, _says("OOM", 0.0)),
    "postgres_stopped": WorldFaultKind("postgres", 6 * MINUTE, _postgres(False, 1.0)),
    "postgres_killed": WorldFaultKind("postgres", 50.0, _postgres(False, 1.0)),
    "postgres_slow": WorldFaultKind("postgres", 25 * MINUTE, _slow_postgres),
    "postgres_refusing": WorldFaultKind("postgres", 6 * MINUTE, _postgres(True, 0.6)),
    "postgres_full": WorldFaultKind("postgres", 6 * MINUTE, _postgres(False, 0.0, answers=True)),
    "postgres_wrong_password": WorldFaultKind("postgres", 5 * MINUTE, _postgres(False, 1.0)),
    "postgres_read_only": WorldFaultKind("postgres", 5 * MINUTE, _postgres(False, 0.0, answers=True)),
    **{f"{name}_{how}": WorldFaultKind(name, 6 * MINUTE, turn) for name in UPSTREAMS for how, turn in {
        "503": _upstream(1.0, 0.4), "429": _upstream(1.0, refuses=True), "hang": _upstream(1.0, 8.0), "garbage": _upstream(0.9),
    }.items()},
    "sessions_evicted": WorldFaultKind("state", 10 * MINUTE, _evicts_sessions),
    "memory_leak": WorldFaultKind("state", 40 * MINUTE, _leak),
    "bad_deploy": WorldFaultKind("cache", 40 * MINUTE, _bad_deploy),
    "llm_storm": WorldFaultKind("gemini", 20 * MINUTE, _storm),
    "replica_lag": WorldFaultKind("cache", 10 * MINUTE, _lag),
    "connection_churn": WorldFaultKind("cache", 25 * MINUTE, _churn),
    "collector_dead": WorldFaultKind("collectors", 8 * MINUTE, _unread),
    "clock_step": WorldFaultKind("collectors", 45.0, _clock),
}  # fmt: skip


def fault(kind: str, begins: float, lasts_s: float | None = None) -> WorldFault:
    """One fault of this kind from an instant on."""
    of = KINDS[kind]
    return WorldFault(kind, of.about, begins, begins + (of.lasts_s if lasts_s is None else lasts_s))


def restart(knobs: Knobs, instance: Instance, at: float, down_s: float = 4.0) -> None:
    """A planned restart: some seconds, and it has its content again."""
    on = knobs.while_(at, at + down_s)
    instance.ready &= ~on
    instance.starts += knobs.at >= at
    if instance is knobs.cache:
        knobs.tiers["redis"].fails[on] = min(1.0, down_s / knobs.step_s)


__all__ = ["KINDS", "Flags", "Numbers", "WorldFault", "WorldFaultKind", "fault", "restart"]
