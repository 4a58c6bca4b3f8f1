"""Figures for people: money, counts, shares and sizes as text."""

from decimal import Decimal


def plain_number(number: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(money: Decimal, grouping: str = "") -> str:
    """At least cents; more places when there is more to say."""
    places = max(2, -int(money.normalize().as_tuple().exponent))
    return f"{money:{grouping}.{places}f}"


def usd(money: Decimal) -> str:
    """US dollars."""
    return f"{'-' if money < 0 else ''}${amount(abs(money), ',')}"


def percent(ratio: Decimal) -> str:
    """A ratio from 0 to 1, as the screen shows it."""
    return f"{plain_number(ratio * 100)} %"


def count(number: Decimal) -> str:
    """Whole where it is whole, one place otherwise."""
    return f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,.1f}"


def in_bytes(number: Decimal) -> str:
    """Thousands, as bandwidth is sold."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("KB", 1000)):
        if number >= size:
            return f"{plain_number(round(number / size, 2))} {unit}"
    return f"{count(number)} B"
