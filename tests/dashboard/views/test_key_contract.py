"""The contract of the keys: every rule well, broken with its evidence, and not to be judged."""

from dataclasses import replace

import pytest

from dashboard.views.census import FamilyCensus, Interval, ServerCensus
from dashboard.views.key_contract import CHECKS, CONTRACTS_S, HARMFUL, ContractFacts, verdicts
from prosepolish_core.model.health import Level
from prosepolish_core.model.keys import KEYS
from prosepolish_core.watch.redis_info.census import NAMES, TTL_BOUNDS_S

BOUNDS = [*map(str, TTL_BOUNDS_S), "+Inf"]


def one(value: float) -> Interval:
    """A counted number."""
    return Interval(value, value, value)


def family(name: str, keys: float = 10, *, no_ttl: float = 0, big: float = 0, within: str = "60") -> FamilyCensus:
    """A family of which every key ends within this bound."""
    at = BOUNDS.index(within)
    ttl = tuple((bound, keys - no_ttl if i >= at else 0.0) for i, bound in enumerate(BOUNDS))
    return FamilyCensus(name, one(keys), one(keys * 100), one(no_ttl), one(big), ttl)


def server(*families: FamilyCensus, unknown: tuple[tuple[str, int], ...] = ()) -> ServerCensus:
    """The cache, of these families."""
    return ServerCensus("cache", 100, 100, one(10_000), families, unknown)


GOOD = ContractFacts(
    (server(family("dict"), family("llm"), family("session")),), policies={"cache": "noeviction"}, sealed=True, failovers=2
)


def test_servers_that_keep_the_contract_are_well_in_every_rule() -> None:
    """Nothing is warned of."""
    assert {verdict.level for verdict in verdicts(GOOD)} == {Level.OK}
    assert len(verdicts(GOOD)) == len(CHECKS)


@pytest.mark.parametrize(
    ("facts", "subject", "evidence"),
    [
        ({"census": (server(family("dict", 40, no_ttl=3)),)}, "Every key ends", "3 of dictionary (cache)"),
        ({"census": (server(family("dict", 40, within="14400")),)}, "Times to live keep", "40 of dictionary (cache) beyond 60 min"),
        ({"census": (server(family("llm", big=7)),)}, "No value over", "7 of corrections (cache)"),
        ({"census": (server(family("dict"), unknown=(("tmp", 12),)),)}, "Every prefix is known", "cache: tmp 12"),
        ({"commands": {("cache", "keys"): 5.0}}, "No command that stops", "cache: KEYS 5 times (walks every key"),
        ({"sealed": False}, "Personal families are encrypted", "10 of corrections (cache)"),
        ({"policies": {"cache": "allkeys-lru"}}, "Sessions and limits", "10 of sessions (cache) under allkeys-lru"),
        ({"failovers": 0, "replicated": ("cache",)}, "A failover was tried", "none seen in the last 90 days at cache"),
    ],
)
def test_what_breaks_a_rule_is_a_warning_with_its_evidence_and_a_way_out(
    facts: dict[str, object], subject: str, evidence: str
) -> None:
    """And it alone: the other rules stay as they were."""
    found = verdicts(replace(GOOD, **facts))  # type: ignore[arg-type]
    worst, others = found[0], found[1:]

    assert worst.subject.startswith(subject)
    assert worst.level is Level.WARNING
    assert evidence in worst.reason
    assert worst.action
    assert {verdict.level for verdict in others} == {Level.OK}


def test_without_a_census_what_rests_on_it_is_unknown() -> None:
    """An old census is none: it says nothing of now."""
    for census in ((), (replace(server(), stale=True),)):
        found = {verdict.subject: verdict.level for verdict in verdicts(replace(GOOD, census=census))}
        assert found["Every key ends"] is Level.UNKNOWN
        assert found["Sessions and limits are never evicted"] is Level.UNKNOWN
        assert found["No command that stops a server"] is Level.OK


def test_without_a_replica_there_is_no_failover_to_try() -> None:
    """That is told, and is no warning."""
    (found,) = [v for v in verdicts(replace(GOOD, failovers=0)) if v.subject == "A failover was tried"]
    assert found.level is Level.UNKNOWN
    assert "nothing to fail over to" in found.reason


def test_every_family_has_a_contract_and_its_longest_time_to_live_keeps_it() -> None:
    """The names are those of the census."""
    assert set(CONTRACTS_S) == set(NAMES.values())
    for key in KEYS:
        name = NAMES[key.family.value, key.sub_key]
        bound = next(b for b in TTL_BOUNDS_S if b >= key.ttl_s)
        found = verdicts(replace(GOOD, census=(server(family(name, within=str(bound))),)))
        assert {v.level for v in found if v.subject.startswith("Times to live")} == {Level.OK}


def test_our_own_commands_are_not_among_the_harmful_ones() -> None:
    """The core never calls what it warns of."""
    assert not {"scan", "get", "mget", "set", "evalsha", "subscribe", "pttl"} & set(HARMFUL)
