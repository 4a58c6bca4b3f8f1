"""Rules over a window: each gives verdicts with its number, its reason and what to do.

One table, in the order they are listed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prosepolish_core.calc import numbers
from prosepolish_core.model.health import Level, Verdict
from prosepolish_core.model.outcome import Tier
from prosepolish_core.model.series import Mark
from prosepolish_core.model.targets import ENOUGH_CALLS, ENOUGH_LOOKUPS

from .hit_rate import TierRate
from .latency import Spread
from .memory import ServerMemory
from .names import family_label, tier_label
from .savings import SavingsView
from .trust import Trust

#: A cache younger than its longest common TTL (words live an hour) is not judged by its hit rate.
WARM_S = 3600.0


@dataclass(frozen=True, slots=True)
class OverviewFacts:
    """What the rules judge."""

    rates: Sequence[TierRate]
    spreads: Sequence[Spread]
    instances: Sequence[ServerMemory]
    trust: Trust
    money: SavingsView
    marks: Sequence[Mark]
    state_is_shared: bool
    rejected: float
    cache_uptime_s: float | None = None


Rule = Callable[[OverviewFacts], Iterable[Verdict]]


def fresh_samples(facts: OverviewFacts) -> Iterable[Verdict]:
    """The watcher itself: no news is not good news."""
    age = facts.trust.newest_age_s
    if age is None:
        yield Verdict("Collectors", Level.UNKNOWN, "no sample in the store", "Start them: python -m collectors")
    else:
        old = facts.trust.stale
        action = "Restart them: python -m collectors" if old else ""
        level = Level.CRITICAL if old else Level.OK
        yield Verdict("Collectors", level, f"newest sample {numbers.age(age)} old", action)


def hit_rates(facts: OverviewFacts) -> Iterable[Verdict]:
    """Every tier against its target, once enough was asked."""
    for rate in facts.rates:
        if rate.target is None:
            continue
        subject = f"Hit rate of {tier_label(rate.tier)}, {family_label(rate.family)}"
        if rate.good is None:
            reason = f"{numbers.count(rate.asked)} lookups in the window; judged from {ENOUGH_LOOKUPS} on"
            yield Verdict(subject, Level.UNKNOWN, reason)
            continue
        reason = f"{numbers.percent(rate.ratio)} against a target of {numbers.percent(rate.target, 0)}"
        if not rate.good and facts.cache_uptime_s is not None and facts.cache_uptime_s < WARM_S:
            reason += (
                f"; Redis started {numbers.age(facts.cache_uptime_s)} ago and is warming up, so nearly all that gets here is new"
            )
            yield Verdict(subject, Level.UNKNOWN, reason)
            continue
        action = "" if rate.good else "New or changed words, a short TTL, or evictions: see Hit rate and Memory."
        yield Verdict(subject, Level.OK if rate.good else Level.WARNING, reason, action)


def budgets(facts: OverviewFacts) -> Iterable[Verdict]:
    """Every tier's p95 against its time budget."""
    for spread in facts.spreads:
        if spread.budget_s is None:
            continue
        subject = f"p95 of {tier_label(spread.tier)}"
        if spread.calls < ENOUGH_CALLS:
            yield Verdict(
                subject, Level.UNKNOWN, f"{numbers.count(spread.calls)} calls in the window; judged from {ENOUGH_CALLS} on"
            )
            continue
        slow = spread.p95 > spread.budget_s
        reason = f"{numbers.duration(spread.p95)} against a budget of {numbers.duration(spread.budget_s)}"
        yield Verdict(subject, Level.WARNING if slow else Level.OK, reason, SLOW[Tier(spread.tier)] if slow else "")


SLOW = {
    Tier.REDIS: "Look for slow commands, a busy processor or the network between.",
    Tier.POSTGRES: "Look at its load, its cache and its connections.",
    Tier.DICTIONARY_API: "Nothing to do here: it is somebody else's server. The tiers above shield from it.",
    Tier.GEMINI: "Nothing to do here, except a smaller model or shorter texts.",
}


def memories(facts: OverviewFacts) -> Iterable[Verdict]:
    """Room, fragmentation and swapping of every observed server."""
    for instance in facts.instances:
        yield from instance.verdicts


def evicted_state(facts: OverviewFacts) -> Iterable[Verdict]:
    """Sessions and limits must not be evicted."""
    for instance in facts.instances:
        if instance.evicted and (instance.source == "state" or facts.state_is_shared):
            reason = f"{numbers.count(instance.evicted)} keys evicted from {instance.source}, where sessions and limits live"
            yield Verdict("Sessions", Level.CRITICAL, reason, "Set REDIS_STATE_URL to a server with maxmemory-policy noeviction.")


def rejected_connections(facts: OverviewFacts) -> Iterable[Verdict]:
    """Clients turned away at maxclients."""
    if facts.rejected:
        reason = f"{numbers.count(facts.rejected)} connections turned away in the window"
        yield Verdict("Connections", Level.CRITICAL, reason, "Raise maxclients, or lower PROSEPOLISH_POOL_SIZE.")


def unpriced_calls(facts: OverviewFacts) -> Iterable[Verdict]:
    """A call without a known price is missing from the sums."""
    if missing := facts.money.sums.unpriced:
        yield Verdict(
            "Prices",
            Level.WARNING,
            f"{numbers.count(missing)} calls without a price: not in the sums",
            "Add a price row for the model.",
        )


RULES: tuple[Rule, ...] = (fresh_samples, evicted_state, rejected_connections, hit_rates, budgets, memories, unpriced_calls)


def judge(facts: OverviewFacts) -> list[Verdict]:
    """Every rule's verdicts, worst first, otherwise in the table's order."""
    return sorted((verdict for rule in RULES for verdict in rule(facts)), key=lambda verdict: -verdict.level.rank)
