"""Every way not to be in Redis has its own sentence, with its evidence."""

import pytest

from dashboard.views.miss_reason import reason
from prosepolish_core.model.outcome import Outcome, Tier, TraceStep


def step(tier: Tier, outcome: Outcome, detail: str = "") -> TraceStep:
    """One tier asked."""
    return TraceStep(tier=tier, outcome=outcome, start_s=0.0, duration_s=0.001, detail=detail)


MISSED = step(Tier.REDIS, Outcome.MISS)


@pytest.mark.parametrize(
    ("trace", "evicted", "told"),
    [
        ((step(Tier.REDIS, Outcome.HIT),), 5.0, ""),
        ((step(Tier.REDIS, Outcome.NEGATIVE_HIT),), 5.0, ""),
        ((), None, ""),
        ((step(Tier.REDIS, Outcome.COALESCED),), None, "Another caller was loading it"),
        ((step(Tier.REDIS, Outcome.TIMEOUT, "timeout"),), 0.0, "Redis was not available (timeout)"),
        ((MISSED, step(Tier.POSTGRES, Outcome.ERROR)), 0.0, "PostgreSQL, which could tell whether it ever was, did not answer"),
        ((MISSED, step(Tier.POSTGRES, Outcome.MISS)), 9.0, "never cached here, or it was invalidated"),
        ((MISSED, step(Tier.POSTGRES, Outcome.HIT)), 0.0, "expired or was cleared: the cache evicted no key"),
        ((MISSED, step(Tier.POSTGRES, Outcome.HIT)), 1234.0, "one of the 1\u2009234 keys the cache evicted"),
        ((MISSED, step(Tier.POSTGRES, Outcome.HIT)), None, "how many keys were evicted is not known"),
    ],
)
def test_the_sentence_says_what_the_trace_proves(trace: tuple[TraceStep, ...], evicted: float | None, told: str) -> None:
    """And nothing more."""
    assert told in reason(trace, evicted)
    assert bool(reason(trace, evicted)) == bool(told)
