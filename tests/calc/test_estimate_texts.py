"""The savings formula reads alike on the page and in the command."""

from decimal import Decimal

from prosepolish_core.calc.estimate_texts import texts, traffic
from prosepolish_core.calc.savings import Assumptions, estimate


def test_the_project_s_figures() -> None:
    """Three and three quarter hours are not four."""
    told = texts(estimate(Assumptions()))
    assert (told.usd_per_month, told.usd_per_year, told.waiting, told.traffic) == ("$4.50", "$54.00", "3.75 h", "270 MB")


def test_nothing_is_never_minus_nothing() -> None:
    """A price of -0, as somebody may type it."""
    told = texts(estimate(Assumptions(usd_per_call=Decimal("-0"), seconds_per_call=Decimal("-0"))))
    assert not any(text.startswith("-") for text in told)


def test_traffic_is_in_thousands() -> None:
    """As bandwidth is sold."""
    assert [traffic(Decimal(n)) for n in (0, 999, 2000, 270_000_000, 10**9, 10**13)] == [
        "0 B", "999 B", "2 KB", "270 MB", "1 GB", "10 TB",
    ]  # fmt: skip
