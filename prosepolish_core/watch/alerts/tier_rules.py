"""Rules about what users get: failures, hit rates and times of each tier, and what reaches the paid one.

A hit rate needs traffic and a target of its own tier before it says anything.
"""

from ...calc.expression import Arithmetic, Earlier, Guarded, HistogramQuantile, Increase, Latest, Total
from ...model.alert import NoData
from ...model.outcome import Tier
from ...model.targets import BUDGETS_S, ENOUGH_CALLS, ENOUGH_LOOKUPS, HIT_TARGETS, TOLERANCE
from .rule import Rule, critical, warning

MIN, HOUR, WEEK = 60.0, 3600.0, 604_800.0
#: Outcomes that answer at a tier, that pass on, and that failed at it.
HITS, ANSWERS, FAILURES = "hit|stale_hit|negative_hit", "hit|stale_hit|negative_hit|miss|coalesced", "timeout|error"
#: An upstream that refuses (429, a pace it asked for) gives users nothing; a refusal of our own tiers is a breaker that
#: spares them, and the calls before it are counted already.
REFUSALS = {Tier.DICTIONARY_API: "|refused", Tier.GEMINI: "|refused"}


def steps(outcomes: str, over_s: float, tier: str = "", family: str = "") -> Total:
    """How often each tier was asked for each family with these outcomes."""
    where = [("family", family)] * bool(family) + [("outcome", outcomes)] + [("tier", tier)] * bool(tier)
    return Total(Increase("tier_requests", over_s, tuple(where)), ("family", "tier"))


#: A cache younger than its longest common TTL (words live an hour) is still warming up.
WARM = Total(Latest("uptime_in_seconds", (("instance", "cache"),)), ())
WARM_S = HOUR


def hit_ratio(over_s: float, tier: str, family: str, enough: float = ENOUGH_LOOKUPS) -> Guarded:
    """Hits of what reached the tier, once enough did."""
    asked = steps(ANSWERS, over_s, tier, family)
    return Guarded(Arithmetic(steps(HITS, over_s, tier, family), "/", asked), asked, enough)


#: Calls that fail are counted over so long: two buckets of counts and what a flush may be late. A warning is held for
#: longer than that, so that one short blip (a restart of some seconds) does not fire.
FAILING_S, FAILING_HOLD_MIN = 40.0, 1.0
#: So many must have failed: at ten calls a minute a tier that fails them all reaches it in time, and single failures of
#: a well tier do not at any traffic.
LEAST_FAILED = 3.0


def failing(over_s: float, tier: Tier) -> Guarded:
    """The share of a tier's calls that failed, over all families, once some did."""
    failures = FAILURES + REFUSALS.get(tier, "")
    asked = Total(Increase("tier_requests", over_s, (("outcome", f"{ANSWERS}|{failures}"), ("tier", tier))), ("tier",))
    failed = Total(Increase("tier_requests", over_s, (("outcome", failures), ("tier", tier))), ("tier",))
    return Guarded(Arithmetic(failed, "/", asked), failed, LEAST_FAILED, otherwise=0.0)


def _targets() -> tuple[Rule, ...]:
    """A rule for every promised hit rate, judged over ten minutes,
    and for its fall against the same time a week ago.
    """
    rows = []
    for (family, tier), target in HIT_TARGETS.items():
        ratio = hit_ratio(10 * MIN, tier, family)
        if tier is Tier.REDIS:
            ratio = Guarded(ratio, WARM, WARM_S)
        words = "Hit rate of {tier}, {family}"
        rows.append(
            Rule(
                f"hit_rate_{family}_{tier}",
                words,
                ratio,
                "ratio",
                (warning(target - TOLERANCE, target - 0.02, 10, falling=True),),
                f"The target is {target:.0%}, {TOLERANCE * 100:.0f} points below it are tolerated. Now more than usual passes"
                " on to the slower and dearer tiers.",
                "Hit rate page: new words, expired, evicted, or failures? Then Memory.",
                cause="{tier}",
                consequence=True,
                needs=f"fewer than {ENOUGH_LOOKUPS} lookups in ten minutes"
                + (", or the cache began within the hour and is warming up" if tier is Tier.REDIS else ""),
            )
        )
        rows.append(
            Rule(
                f"hit_rate_drop_{family}_{tier}",
                words,
                Arithmetic(Earlier(hit_ratio(HOUR, tier, family, 1000.0), WEEK), "-", hit_ratio(15 * MIN, tier, family, 1000.0)),
                "ratio",
                (warning(0.10, 0.05, 15),),
                "Ten points below the same hour last week.",
                "Hit rate page; look which mark stands at the beginning of the fall (deploy, flush, TTL).",
                cause="{tier}",
                consequence=True,
            )
        )
    return tuple(rows)


def _budgets() -> tuple[Rule, ...]:
    """A rule for every tier's time budget."""
    return tuple(
        Rule(
            f"slow_{tier}",
            "p95 of {tier}",
            Guarded(
                HistogramQuantile(0.95, "tier_duration", 10 * MIN, (("tier", tier),), ("tier",)),
                Total(Increase("tier_duration", 10 * MIN, (("le", "+Inf"), ("tier", tier))), ("tier",)),
                ENOUGH_CALLS,
            ),
            "seconds",
            (warning(budget, budget * 0.8, 10),),
            "One call in twenty takes longer than this tier's budget.",
            "Latency page, before and after the last mark.",
            cause="{tier}",
            consequence=True,
            needs=f"fewer than {ENOUGH_CALLS} calls in ten minutes",
        )
        for tier, budget in BUDGETS_S.items()
    )


TIERS: tuple[Rule, ...] = (
    *(
        Rule(
            f"failing_{tier}",
            "Calls to {tier}",
            failing(FAILING_S, tier),
            "ratio",
            (warning(0.05, 0.02, FAILING_HOLD_MIN), critical(0.5, 0.2, 0)),
            "Calls fail; what the tiers above do not know stays unanswered.",
            "prosepolish check; the Latency page shows failed calls by outcome.",
            cause="{tier}",
            silenced_by="",
            standing=True,
        )
        for tier in Tier
    ),
    *_targets(),
    *_budgets(),
    Rule(
        "fallback_storm",
        "Calls that reach Gemini",
        Guarded(
            Guarded(
                Arithmetic(
                    Total(Increase("tier_requests", 5 * MIN, (("tier", Tier.GEMINI),)), ("tier",)),
                    "/",
                    Earlier(Total(Increase("tier_requests", HOUR, (("tier", Tier.GEMINI),)), ("tier",)), 5 * MIN),
                ),
                Total(Increase("tier_requests", 5 * MIN, (("tier", Tier.GEMINI),)), ("tier",)),
                50.0,
            ),
            WARM,
            WARM_S,
        ),
        "ratio",
        (critical(0.5, 0.25, 1, no_data=NoData.CLEAR),),
        "Half of an hour's usual calls in five minutes: a cache was flushed, a tier is down, or somebody loops. The bill follows.",
        "Hit rate page: what changed; then the limits of the LLM.",
        cause=Tier.GEMINI,
        consequence=True,
        needs="fewer than 50 calls in five minutes, or the cache began within the hour and is warming up",
    ),
    Rule(
        "unpriced_calls",
        "Prices of LLM calls",
        Total(Increase("llm_unpriced", HOUR), ()),
        "1",
        (warning(0.0, 0.0, 0),),
        "Calls of the last hour have no known price: they are missing from every sum of dollars.",
        "Add a price row for the model.",
        cause="prices",
        silenced_by="",
    ),
)
