"""The table of named limits."""

from prosepolish_core.live.limits.named import NAMED, named
from prosepolish_core.live.limits.wire import stem
from prosepolish_core.model.limit import LONGEST_S, Outage


def test_every_named_limit_can_be_used() -> None:
    """Subjects are told apart by their rows."""
    subjects = [named(name, "1:llm" if "{id}" in row.subject else "")[0] for name, row in NAMED.items()]
    assert len(set(subjects)) == len(subjects)
    assert all("1:llm" not in subject for subject in subjects)


def test_the_references_limit_has_its_key_and_the_windows_reach_from_a_second_to_thirty_days() -> None:
    """`ratelimit:user:<id>:llm`, 10 per minute; log-ins refuse while nobody can count."""
    subject, (limit,) = named("llm", "7")
    windows = {limit.per_s for row in NAMED.values() for limit in row.limits}

    assert stem(subject, False).removesuffix(":") == "ratelimit:user:7:llm"
    assert (limit.amount, limit.per_s, limit.outage) == (10, 60, Outage.LOCAL)
    assert (min(windows), max(windows)) == (1, LONGEST_S)
    assert {limit.outage for name in ("login", "login_address") for limit in NAMED[name].limits} == {Outage.REFUSE}
