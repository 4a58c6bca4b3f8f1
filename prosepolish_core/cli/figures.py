"""Figures for people that lose no digit: money, shares and numbers as text."""

from decimal import Decimal


def plain_number(number: Decimal) -> str:
    """Without an exponent, without zeros at the end, and never minus nothing."""
    text = f"{number or abs(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(money: Decimal, grouping: str = "") -> str:
    """At least cents; more places when there is more to say; never minus nothing."""
    money = money or abs(money)
    places = max(2, -int(money.normalize().as_tuple().exponent))
    return f"{money:{grouping}.{places}f}"


def usd(money: Decimal) -> str:
    """US dollars."""
    return f"{'-' if money < 0 else ''}${amount(abs(money), ',')}"


def percent(ratio: Decimal) -> str:
    """A ratio from 0 to 1, as the screen shows it."""
    return f"{plain_number(ratio * 100)} %"
