"""What the core would have counted of a simulated world: how often each tier was asked,
what came of it, how long it took.
"""

from typing import NamedTuple

import numpy as np

from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.outcome import Family, Outcome, Tier

from .knobs import Knobs, Numbers

#: The median time of a call in seconds, and how steep its curve is (higher: less spread).
TIMES: dict[Tier, tuple[float, float]] = {
    Tier.REDIS: (0.0004, 2.6),
    Tier.POSTGRES: (0.0028, 3.0),
    Tier.DICTIONARY_API: (0.160, 3.6),
    Tier.GEMINI: (0.75, 4.5),
}


class CountCourse(NamedTuple):
    """One family, tier and outcome over time: calls of each instant, how many of them were the last word,
    and how many fell below each bound (not cumulative; None: the tier was not asked at all, its breaker was open).
    """

    family: Family
    tier: Tier
    outcome: Outcome
    steps: Numbers
    answers: Numbers
    slow: Numbers | None

    def histogram(self, places: slice) -> Numbers:
        """Calls between bounds, one row per instant."""
        steps = self.steps[places]
        if self.slow is None:
            return np.zeros((len(steps), len(BOUNDS_S)))
        median, steepness = TIMES[self.tier]
        with np.errstate(over="ignore"):
            share = 1.0 / (1.0 + (median * self.slow[places, None] / np.array(BOUNDS_S)) ** steepness)
        return np.diff(np.round(steps[:, None] * share), axis=1, prepend=0.0)

    @property
    def seconds(self) -> Numbers:
        """Time spent at each instant, about."""
        return np.zeros(len(self.steps)) if self.slow is None else self.steps * TIMES[self.tier][0] * 1.2 * self.slow


def counted(knobs: Knobs, rng: np.random.Generator) -> list[CountCourse]:
    """Lookups of words down the four tiers, and corrections through Redis and Gemini."""
    found: list[CountCourse] = []
    words = rng.poisson(knobs.load * knobs.step_s).astype(float)
    asked = words
    for tier in Tier:
        hits, misses, failed = _asked(knobs, rng, tier, asked, knobs.tiers[tier].hits)
        last = tier is Tier.GEMINI
        found += _outcomes(knobs, Family.DICTIONARY, tier, (hits, misses, failed), last)
        asked = misses + failed
    texts = rng.poisson(knobs.load * knobs.step_s * 0.08).astype(float)
    hits, misses, failed = _asked(knobs, rng, Tier.REDIS, texts, knobs.llm_hits)
    found += _outcomes(knobs, Family.LLM, Tier.REDIS, (hits, misses, failed), last=False)
    texts = misses + failed + rng.poisson(knobs.storm * knobs.step_s)
    found += _outcomes(knobs, Family.LLM, Tier.GEMINI, _asked(knobs, rng, Tier.GEMINI, texts, np.ones(len(texts))), last=True)
    return found


def _asked(knobs: Knobs, rng: np.random.Generator, tier: Tier, asked: Numbers, hits: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """How many were found, not found, and not answered."""
    calls = asked.astype(np.int64)
    failed = rng.binomial(calls, np.clip(knobs.tiers[tier].fails, 0, 1))
    found = rng.binomial(calls - failed, np.clip(hits, 0, 1))
    return found.astype(float), (calls - failed - found).astype(float), failed.astype(float)


def _outcomes(knobs: Knobs, family: Family, tier: Tier, of: tuple[Numbers, Numbers, Numbers], last: bool) -> list[CountCourse]:
    hits, misses, failed = of
    slow, none = knobs.tiers[tier].slow, np.zeros(len(hits))
    # A tier that fails altogether is left alone by its breaker: most calls that count as failed took no time of it.
    timed = failed if (knobs.tiers[tier].fails < 0.9).all() else None
    refuses = knobs.tiers[tier].refuses
    refused = none if refuses is None else np.where(refuses, failed, 0.0)
    errors = failed - refused
    rows = [
        CountCourse(family, tier, Outcome.HIT, hits, hits, slow),
        CountCourse(family, tier, Outcome.MISS, misses, misses if last else none, slow),
        CountCourse(family, tier, Outcome.ERROR, errors, errors if last else none, None if timed is None else slow),
        CountCourse(family, tier, Outcome.REFUSED, refused, refused if last else none, None),
    ]
    return [row for row in rows if row.steps.any()]
