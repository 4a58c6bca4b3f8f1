"""Playground: one call explained: which tier answered, what each tier said, what was filled, what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from prosepolish_core.calc import numbers
from prosepolish_core.model.correction import Correction
from prosepolish_core.model.health import Level
from prosepolish_core.model.lookup import Lookup
from prosepolish_core.model.outcome import ANSWERED, Outcome, Trace, TraceStep

from .names import tier_label

#: What an outcome means, in words.
TOLD = {
    Outcome.HIT: "found it",
    Outcome.MISS: "does not have it",
    Outcome.NEGATIVE_HIT: "knows there is no such word",
    Outcome.STALE_HIT: "found an old copy",
    Outcome.COALESCED: "waited for another caller's load",
    Outcome.REFUSED: "refused",
    Outcome.TIMEOUT: "took too long",
    Outcome.ERROR: "failed",
}


#: What an invalidation came to, by which store acknowledged it (PostgreSQL, Redis): the level, and what is so now.
INVALIDATED: Mapping[tuple[bool, bool], tuple[Level, str]] = {
    (True, True): (Level.OK, "Gone from Redis and PostgreSQL. The next look starts at the bottom again."),
    (True, False): (
        Level.WARNING,
        "Gone from PostgreSQL. Redis could not be told: it is told as soon as it answers; until then it serves nothing.",
    ),
    (False, True): (
        Level.CRITICAL,
        "Gone from Redis only. PostgreSQL still has the old entry and serves it once it answers: invalidate it again then.",
    ),
    (False, False): (
        Level.CRITICAL,
        "Nothing was invalidated: neither PostgreSQL nor Redis could be told. Try again when they answer.",
    ),
}


class ExplainedStep(NamedTuple):
    """One tier asked once, in seconds from the beginning of the call. `told` says what came of it, in words."""

    tier: str
    label: str
    start_s: float
    duration_s: float
    told: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """One call as the page tells it. `cost` is text: an unpriced call has no number."""

    tier: str | None
    headline: str
    total_s: float
    cost: str
    filled: tuple[str, ...]
    steps: tuple[ExplainedStep, ...]
    answered: bool
    degraded: bool
    warning: str = ""


def of_lookup(found: Lookup) -> Explained:
    """Explain one word."""
    return _explain(found.tier, found.outcome, found.trace, found.cost_usd, found.age_s, found.degraded)


def of_correction(found: Correction) -> Explained:
    """Explain one corrected text."""
    return _explain(found.tier, found.outcome, found.trace, found.cost_usd, None, not found.corrected)


def of_trace(trace: Trace) -> Explained:
    """Explain a call that nobody answered."""
    return _explain(None, Outcome.ERROR, trace, Decimal(0), None, degraded=True)


def _explain(
    tier: str | None, outcome: Outcome, trace: Trace, cost: Decimal | None, age_s: float | None, degraded: bool
) -> Explained:
    total = max((step.start_s + step.duration_s for step in trace), default=0.0)
    filled = tuple(dict.fromkeys(tier_label(above) for step in trace for above in step.filled))
    headline = "no tier could answer" if tier is None else TOLD[outcome] + (f", {numbers.age(age_s)} old" if age_s else "")
    told_cost = "price unknown" if cost is None else "free" if cost == 0 else numbers.usd(cost)
    answered = outcome in ANSWERED
    warning = _warning(outcome) if degraded and answered else ""
    return Explained(tier, headline, total, told_cost, filled, tuple(_steps(trace)), answered, degraded, warning)


def _warning(outcome: Outcome) -> str:
    """What it means that a tier could not do its work on the way to this answer."""
    if outcome is Outcome.NEGATIVE_HIT:
        return "A tier could not do its work on the way. It might know the word."
    return "A tier could not do its work on the way; the answer is right all the same."


def nothing_found(told: Explained, word: str) -> str:
    """What to say where there is no entry: that there is no such word, or that nobody could be asked."""
    if told.tier is None:
        return f"Nothing is known of “{word}”: no tier that might know it could answer. Nothing was remembered either; try again."
    if told.degraded:
        return f"Nobody who could be asked knows “{word}”. That is remembered for half a minute only, then all are asked again."
    return f"Nobody knows “{word}”. That is remembered too, so that asking again is cheap."


def _steps(trace: Sequence[TraceStep]) -> list[ExplainedStep]:
    """In the order in which the tiers were asked; a trace may note an answer after the calls it led to."""
    return [
        ExplainedStep(
            step.tier,
            tier_label(step.tier),
            step.start_s,
            step.duration_s,
            f"{numbers.duration(step.duration_s)} · {TOLD[step.outcome]}{f' ({step.detail})' if step.detail else ''}",
            step.outcome in ANSWERED,
        )
        for step in sorted(trace, key=lambda step: step.start_s)
    ]
