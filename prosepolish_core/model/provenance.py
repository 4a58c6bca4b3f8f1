"""Provenance: whose doing a call is. Only what users themselves caused is a saving; everything else is marked."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Provenance(StrEnum):
    """Where a ledger row comes from. The headline counts `live` alone."""

    LIVE = "live"
    STAND_IN = "stand-in"
    PLAYGROUND = "playground"
    TEST = "test"
    REFRESH = "refresh"
    SIMULATED = "simulated"
    #: Rows from before provenance was kept.
    UNRECORDED = "unrecorded"


#: Marks that stay, whoever asks and whoever is spared asking: these dollars are nobody's.
UNREAL = frozenset({Provenance.STAND_IN, Provenance.SIMULATED, Provenance.TEST})
_ACTING: ContextVar[Provenance | None] = ContextVar("acting", default=None)


@contextmanager
def acting_as(provenance: Provenance) -> Iterator[None]:
    """Within it, calls of this thread, and of the background work it starts, are marked so."""
    token = _ACTING.set(provenance)
    try:
        yield
    finally:
        _ACTING.reset(token)


def acting(usual: Provenance) -> Provenance:
    """The mark of a call made now: that of the innermost `acting_as`, else the process's usual one.

    A stand-in stays one, whoever asks it: its dollars are nobody's.
    """
    mark = _ACTING.get()
    return usual if mark is None or usual in UNREAL else mark
