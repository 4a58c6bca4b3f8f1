"""Everything the Core offers, as a table: how it is asked, how long that may take, and its answer in one word."""

from collections.abc import Callable
from itertools import count
from time import perf_counter
from typing import NamedTuple

from prosepolish_core import Core, Limit
from prosepolish_core.errors import ProsePolishError
from prosepolish_core.model.session import Session

#: What a crowded machine may make of a service's longest time; what hangs would hang for good.
SLACK = 10
LIMITS = [Limit(1000, per_s=60)]
TEXT = "Teh quick fox."
_numbers = count()


class Visit:
    """One user's visit: what was warm before anything broke."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.user = f"u{next(_numbers)}"
        self.session: Session = core.sessions.create(self.user)
        self.warm = ["apple", "house", "water"]
        for _ in range(2):
            core.dictionary.lookup_many(self.warm)
            core.profiles.update(self.user, {"name": "A"})
            core.profiles.get(self.user)
            core.corrector.correct(TEXT)
            core.sessions.verify(self.token)
            core.limiter.check(self.user, LIMITS)
        assert core.recorder.flush()

    @property
    def token(self) -> str:
        """The token in force."""
        assert self.session.token
        return self.session.token

    def rotate(self) -> str:
        """Move on to the next token."""
        self.session = self.core.sessions.rotate(self.token)
        return said(self.session.degraded) if self.session.valid else self.session.reason


def said(degraded: bool, word: str = "degraded") -> str:
    """Whether all was well."""
    return word if degraded else "ok"


def _health(visit: Visit) -> str:
    found = visit.core.health()
    return f"{found['redis'].state.value}/{found['postgres'].state.value}"


def _lookup_new(visit: Visit) -> str:
    # Nobody has ever asked for it, so no tier can answer without the next one.
    return said(visit.core.dictionary.lookup(f"zz{next(_numbers)}").degraded)


class Service(NamedTuple):
    """How a service is asked, and the longest its caller may wait (a busy machine's slack included)."""

    ask: Callable[[Visit], str]
    within_s: float


SERVICES: dict[str, Service] = {
    "lookup": Service(lambda v: said(v.core.dictionary.lookup(v.warm[0]).degraded), 1.0),
    "lookup new": Service(_lookup_new, 2.5),
    "lookup_many": Service(lambda v: said(any(f.degraded for f in v.core.dictionary.lookup_many(v.warm[:2]).values())), 1.0),
    "invalidate": Service(lambda v: said(not v.core.dictionary.invalidate(v.warm[2]).complete, "owed"), 1.0),
    "correct": Service(lambda v: said(v.core.corrector.correct(TEXT).degraded), 1.0),
    "profile": Service(lambda v: said(v.core.profiles.get(v.user).degraded), 1.0),
    "preferences": Service(lambda v: said(v.core.preferences.get(f"new{next(_numbers)}").degraded), 1.0),
    "update": Service(lambda v: said(v.core.profiles.update(v.user, {"name": "B"}).degraded), 1.0),
    "limit": Service(lambda v: said(v.core.limiter.check(v.user, LIMITS).degraded), 0.5),
    # Somebody else: as often as a test repeats the table, so often would the visit be pushed out by the cap of sessions
    # a user.
    "log in": Service(lambda v: said(v.core.sessions.create(f"{v.user}x").degraded), 3.0),
    "verify": Service(lambda v: said(v.core.sessions.verify(v.token).degraded), 3.0),
    "rotate": Service(Visit.rotate, 3.0),
    "log out": Service(lambda v: said(not v.core.sessions.revoke_all(f"{v.user}x").confirmed, "unconfirmed"), 3.0),
    "clear": Service(lambda v: said(not v.core.cache.clear("llm").complete, "incomplete"), 3.0),
    "health": Service(_health, 4.0),
    "flush": Service(lambda v: said(not v.core.recorder.flush(), "kept"), 5.0),
}
WELL = dict.fromkeys(SERVICES, "ok") | {"health": "up/up"}


def ask(name: str, visit: Visit) -> tuple[str, float]:
    """The answer in one word, our own errors by their name, and how long it took.

    Anything else that is raised is a defect.
    """
    began = perf_counter()
    try:
        word = SERVICES[name].ask(visit)
    except ProsePolishError as error:
        word = type(error).__name__
    return word, perf_counter() - began
