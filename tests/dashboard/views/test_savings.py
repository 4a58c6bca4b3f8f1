"""The ledger is summed exactly, and what has no price is told, not counted as nothing."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dashboard.views import savings
from tests.dashboard.rows import WINDOW, Samples, Telemetry, ledger


def view_of(*rows: savings.LedgerTotal) -> savings.SavingsView:
    """The view of these rows."""
    return savings.build(Samples(), Telemetry(rows=rows), WINDOW)


def test_paid_and_avoided_are_told_apart() -> None:
    """Three calls avoided, two paid: 60 % of the calls wanted were hits."""
    view = view_of(ledger("paid", 2, "0.0010"), ledger("avoided", 3, "0.0015"))

    assert view.sums.paid.usd == Decimal("0.0010")
    assert view.sums.avoided.usd == Decimal("0.0015")
    assert view.sums.hit_ratio == 0.6


def test_definitions_do_not_mix_with_corrections() -> None:
    """Each task has its own hit rate and its own rows; the money adds up over both."""
    view = view_of(
        ledger("paid", 7, "0.007"),
        ledger("avoided", 3, "0.003"),
        ledger("paid", 1, "0.001", task="define"),
        ledger("avoided", 9, "0.009", task="define"),
    )

    assert (view.hit_ratio("correct"), view.hit_ratio("define"), view.hit_ratio("translate")) == (0.3, 0.9, None)
    assert [(row.task, row.kind, row.calls) for row in view.tokens] == [
        ("correct", "avoided", 3),
        ("correct", "paid", 7),
        ("define", "avoided", 9),
        ("define", "paid", 1),
    ]
    assert view.sums.avoided.usd == Decimal("0.012")


def test_unpriced_calls_are_counted_apart() -> None:
    """They are in no sum, and the view says how many there are."""
    view = view_of(ledger("paid", 5, "0.001", unpriced=2))

    assert view.sums.unpriced == 2


def test_thinking_tokens_have_a_column_of_their_own() -> None:
    """They are billed as output and are not part of it."""
    (row,) = view_of(ledger("paid", 2, "0.001")).tokens

    assert (row.prompt, row.output, row.thoughts) == (600, 240, 100)


def test_the_pace_counts_from_the_first_row() -> None:
    """One cent in the one minute since the first row is 432 dollars in 30 days; nothing is nothing."""
    assert view_of(ledger("avoided", 1, "0.01", ago=60)).per_month_usd == Decimal("432.00")
    assert view_of().per_month_usd == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["paid", "avoided"]), st.integers(1, 100), st.integers(0, 10**9), st.integers(1, 800)),
        max_size=30,
    )
)
def test_sums_are_exact_to_the_last_digit(rows: list[tuple[str, int, int, int]]) -> None:
    """Decimal in, Decimal out: the tables, the bars and the total agree."""
    view = view_of(*(ledger(kind, calls, f"{nano}e-9", ago=ago) for kind, calls, nano, ago in rows))

    for kind, side in (("paid", view.sums.paid), ("avoided", view.sums.avoided)):
        assert side.usd == sum(Decimal(nano).scaleb(-9) for k, _, nano, _ in rows if k == kind)
        assert side.usd == sum(row.usd for row in view.tokens if row.kind == kind)
