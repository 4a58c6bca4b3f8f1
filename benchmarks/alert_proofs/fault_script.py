"""Forty faults as a script: what breaks, for how long, and whose fault it is. The oracle knows nothing else."""

from typing import NamedTuple

from demo.history.faults import KINDS

#: Left out: of a server that fails over we see the same as of one that is killed; one of the two is enough.
LEFT_OUT = frozenset({"state_failed_over"})
SCRIPT: tuple[str, ...] = tuple(kind for kind in KINDS if kind not in LEFT_OUT)
#: For a look in between, and for the tests: a server, a flush, an upstream, a slow consequence.
FEW: tuple[str, ...] = ("cache_killed", "postgres_read_only", "gemini_429")
#: The tier whose work a dependency does, and the tiers that take it over: they may suffer, the others may not.
TIER = {"cache": "redis"}
BELOW = {
    "redis": ("postgres", "dictionary_api", "gemini"),
    "postgres": ("dictionary_api", "gemini"),
    "dictionary_api": ("gemini",),
}


class Truth(NamedTuple):
    """Of one fault: whom an alert may name meanwhile, and from when to when the fault goes on."""

    kind: str
    about: str
    begins: float
    ends: float

    @property
    def dependency(self) -> str:
        """The one that is broken, as incidents name it."""
        return TIER.get(self.about, self.about)

    def explains(self, dependency: str, *, consequence: bool) -> bool:
        """Whether an alert about this dependency is true: it is the broken one, or does its work."""
        name = TIER.get(dependency, dependency)
        return name == self.dependency or (consequence and name in BELOW.get(self.dependency, ()))
