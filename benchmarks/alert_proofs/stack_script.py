"""Faults of a really running stack: which server, how it is broken and mended, and what may be said of it meanwhile."""

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.recovery.lost_server import Server
from prosepolish_core.model.standing import LABELS, State

AMISS = frozenset({State.DOWN, State.DEGRADED})


class RealFault(NamedTuple):
    """`server`: its name among the servers of the stack; `standing`: as the standings name it."""

    name: str
    server: str
    standing: str
    breaks: Callable[[Server], None]
    mends: Callable[[Server], None]
    states: frozenset[State] = frozenset({State.DOWN})

    @property
    def label(self) -> str:
        """Its name on screen."""
        return LABELS[self.standing]

    def true(self, name: str, state: str) -> bool:
        """Whether this may be said of a dependency while the fault is known.

        Collectors whose store is away are not known; tiers below a lost one have its load, and may be late.
        """
        if name == self.standing:
            return State(state) in self.states
        if name == "collectors":
            return State(state) in {State.UP, State.UNKNOWN}
        return State(state) is State.UP


REAL: tuple[RealFault, ...] = (
    RealFault("cache killed", "cache", "redis", Server.kill, Server.start),
    RealFault("cache hangs", "cache", "redis", Server.freeze, Server.thaw),
    RealFault("cache wants another password", "cache", "redis", lambda s: s.mistrust(), lambda s: s.trust()),
    RealFault("state killed", "state", "state", Server.kill, Server.start),
    RealFault("state hangs", "state", "state", Server.freeze, Server.thaw),
    RealFault("postgres killed", "postgres", "postgres", Server.kill, Server.start),
    RealFault("postgres hangs", "postgres", "postgres", Server.freeze, Server.thaw),
    RealFault("dictionary killed", "dictionary_api", "dictionary_api", Server.kill, Server.start),
    RealFault("gemini refuses our key", "gemini", "gemini", lambda s: s.mistrust(), lambda s: s.trust(), AMISS),
    RealFault("gemini hangs", "gemini", "gemini", Server.freeze, Server.thaw, AMISS),
)
FEW_REAL = (REAL[0], REAL[8])
