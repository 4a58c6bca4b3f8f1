"""What an incident did to users: counted beside what is usual, family by family; nothing is guessed."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.effect_words import lines
from prosepolish_core.calc.incident_effect import ENOUGH, Paid, effect
from prosepolish_core.model.counts import LookupCounts
from prosepolish_core.model.outcome import Outcome, Tier

T = datetime(2026, 11, 20, tzinfo=UTC)
NOTHING_PAID = Paid(0, 0, Decimal(0))


def row(tier: str, outcome: str, answers: int, seconds: float, family: str = "dict") -> LookupCounts:
    """So many calls that ended at this tier with this outcome."""
    return LookupCounts(T, family, tier, outcome, answers, answers, seconds)


BEFORE = [row("redis", "hit", 900, 0.9), row("postgres", "hit", 80, 1.6), row("gemini", "hit", 20, 20.0)]


def test_redis_down_is_told_by_who_answered_instead_how_much_longer_and_what_it_cost() -> None:
    """Half of the traffic of the hour before, none of it from Redis."""
    during = [
        row("redis", "error", 0, 0.5),
        row("postgres", "hit", 440, 8.8),
        row("gemini", "hit", 50, 50.0),
        row("gemini", "error", 10, 0.0),
    ]
    found = effect(0, 60, during, BEFORE, Paid(60, 0, Decimal("0.03")), Paid(20, 0, Decimal("0.01")))

    assert (found.calls, found.failed, found.usual_failed) == (500, 10, 0)
    assert found.usual_answered == {"gemini": 10.0, "postgres": 40.0, "redis": 450.0}
    assert found.added_s is not None
    assert round(found.added_s, 6) == round((59.3 - 500 * 22.5 / 1000) / 500, 6)
    assert (found.extra_paid, found.extra_usd) == (50.0, Decimal("0.025000"))
    assert lines(found) == [
        "10 of 500 calls got no answer (2.0 %; usual is 0).",
        "PostgreSQL answered 400 calls more than usual; Gemini answered 40 calls more than usual.",
        "Answers took 96.1 ms longer on average.",
        "60 calls were paid, 50 more than usual, $0.025.",
    ]


def test_log_ins_are_told_beside_what_is_usual() -> None:
    """Half of them while PostgreSQL is away; nothing is said where nobody logs in, or nobody may count it."""
    found = effect(0, 60, BEFORE, BEFORE, NOTHING_PAID, NOTHING_PAID)
    told = replace(found, logins=12, usual_logins=25.0)

    assert "12 log-ins; usual are 25." in lines(told)
    assert lines(replace(found, logins=0, usual_logins=0.0)) == lines(found)


def test_without_an_hour_before_nothing_is_called_usual() -> None:
    """A stack that was just started."""
    found = effect(0, 60, [row("postgres", "hit", 10, 0.2)], BEFORE[2:], Paid(1, 0, Decimal(1)), NOTHING_PAID)

    assert (found.usual_answered, found.added_s, found.extra_paid, found.extra_usd) == (None, None, None, None)
    assert lines(found)[1] == "Too little was counted in the hour before to say what is usual."


def test_a_price_that_is_missing_is_no_zero() -> None:
    """Calls without a price are told, and no sum of dollars."""
    found = effect(0, 60, BEFORE, BEFORE, Paid(30, 4, Decimal("0.01")), Paid(20, 0, Decimal("0.01")))

    assert (found.extra_usd, found.unpriced) == (None, 4)
    assert lines(found)[-1] == "30 calls were paid, 10 more than usual; 4 calls have no price."


def test_a_ledger_that_cannot_be_read_leaves_the_calls() -> None:
    """The money is unknown."""
    assert lines(effect(0, 60, BEFORE, BEFORE, None, None))[-1] == "Paid calls: –, the ledger cannot be read."


rows = st.lists(
    st.builds(
        row,
        st.sampled_from(list(Tier)),
        st.sampled_from(list(Outcome)),
        st.integers(0, 5000),
        st.floats(0, 500),
        st.sampled_from(["dict", "llm", "user"]),
    ),
    max_size=12,
)


@given(rows, rows)
def test_every_call_was_answered_by_a_tier_or_failed(during: list[LookupCounts], before: list[LookupCounts]) -> None:
    """And what would have been usual is as many calls in all, those that usually fail left out."""
    found = effect(0, 60, during, before, NOTHING_PAID, NOTHING_PAID)

    assert found.calls == sum(found.answered.values()) + found.failed
    if found.usual_answered is not None:
        assert sum(found.usual_answered.values()) <= found.calls + 0.1 * len(found.usual_answered)
    assert all(line.endswith(".") for line in lines(found))


@given(st.integers(ENOUGH, 10_000), st.integers(1, 50))
def test_an_incident_in_which_all_went_as_usual_had_no_effect(calls: int, times: int) -> None:
    """The same mix, faster or slower traffic."""
    before, during = [row("redis", "hit", calls, calls * 0.001)], [row("redis", "hit", calls * times, calls * times * 0.001)]
    found = effect(0, 60, during, before, Paid(times, 0, Decimal(times)), Paid(1, 0, Decimal(1)))

    assert (found.failed, found.extra_paid, found.extra_usd) == (0, 0.0, Decimal(0))
    assert found.usual_answered == {"redis": calls * times}
    assert abs(found.added_s or 0.0) < 1e-9
