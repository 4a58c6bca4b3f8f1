"""Every tier, dependency, key family and task has a name on screen; a name nobody knows is shown as it is."""

from dashboard.views import names
from prosepolish_core.live.llm.prompts import PROMPTS
from prosepolish_core.model.outcome import Family, Tier
from prosepolish_core.model.standing import LABELS


def test_whatever_the_core_can_say_has_a_name() -> None:
    """No table lacks a word that the core uses."""
    assert set(names.TIERS) == {tier.value for tier in Tier}
    assert set(names.FAMILIES) >= {family.value for family in Family}
    assert set(names.TASKS) == set(PROMPTS)


def test_redis_is_one_tier_and_two_dependencies() -> None:
    """The cache and the server of sessions and limits are told apart where each is judged."""
    assert (names.tier_label("redis"), LABELS["redis"]) == ("Redis", "Redis (cache)")


def test_a_name_nobody_knows_is_shown_as_it_is() -> None:
    """A census may meet a prefix of another program."""
    assert (names.tier_label("memcached"), names.family_label("celery")) == ("memcached", "celery")
