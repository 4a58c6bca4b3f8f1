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
    assert view.sums.spared_ratio == 0.6


def test_definitions_do_not_mix_with_corrections() -> None:
    """Each task has its own hit rate and its own rows; the money adds up over both."""
    view = view_of(
        ledger("paid", 7, "0.007"),
        ledger("avoided", 3, "0.003"),
        ledger("paid", 1, "0.001", task="define"),
        ledger("avoided", 9, "0.009", task="define"),
    )

    assert (view.spared_ratio("correct"), view.spared_ratio("define"), view.spared_ratio("translate")) == (0.3, 0.9, None)
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


def test_what_users_did_not_cause_is_left_out_and_told() -> None:
    """Stand-ins and the Playground are in no sum of the headline; asked for, they are counted."""
    rows = [ledger("avoided", 1, "0.01"), ledger("avoided", 6, "0.06")._replace(provenance="playground")]
    view = view_of(*rows)
    assert (view.sums.avoided.usd, view.sums.left_out["playground"].usd) == (Decimal("0.01"), Decimal("0.06"))
    both = savings.build(Samples(), Telemetry(rows=rows), WINDOW, counted={"live", "playground"})
    assert (both.sums.avoided.usd, dict(both.sums.left_out)) == (Decimal("0.07"), {})


def test_the_lines_add_up_to_the_bill_without_any_cache() -> None:
    """Paid for use and for nothing, spared by Redis, PostgreSQL, memory and waiting; Redis alone is a part of it."""
    rows = [
        ledger("paid", 2, "0.02"),
        ledger("paid", 1, "0.01")._replace(line="nothing"),
        ledger("avoided", 4, "0.04")._replace(line="redis"),
        ledger("avoided", 8, "0.08", task="define")._replace(line="redis", also_postgres=True),
        ledger("avoided", 16, "0.16", task="define")._replace(line="postgres", also_postgres=True),
        ledger("avoided", 32, "0.32")._replace(line="remembered"),
        ledger("avoided", 64, "0.64")._replace(line="coalesced"),
    ]
    sums = view_of(*rows).sums
    assert sum(side.usd for side in sums.lines.values()) == sums.without_cache_usd == Decimal("1.27")
    assert sums.redis_alone.usd == Decimal("0.36")


def test_the_price_of_the_cache_feeds_net() -> None:
    """$30 a month is 1/720 of $30 an hour."""
    view = savings.build(Samples(), Telemetry(), WINDOW, cache_usd_per_month=Decimal(720))
    assert view.sums.net_usd == -round(Decimal(720) * Decimal(WINDOW.seconds) / 2_592_000, 6) < 0


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
