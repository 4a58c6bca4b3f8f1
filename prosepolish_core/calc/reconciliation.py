"""The ledger against an invoice: the gap of a month, and what explains it, in plain words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ..model.provenance import UNREAL
from . import numbers
from .ledger_sums import Measured

CENT = Decimal("0.01")
#: Google's months and days are those of this zone (Cloud Billing, "invoice month").
GOOGLE_ZONE = "America/Los_Angeles"
#: A gap that is the same share of every day within this is a price or a tax, not a lost call.
SAME_SHARE = Decimal("0.01")
#: Days named one by one.
MOST_DAYS = 3


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What is known of one month. `ledger` counts every call that costs real money, whoever caused it.

    `by_day` are the sums of the days on both sides, empty where the invoice names no days. `since` is the day on which
    the ledger begins within the month, `before` what the invoice has for the days before it; `open` says that the month
    still runs. `in_google_zone` is the ledger's sum in Google's zone.
    """

    month: str
    invoice: Decimal
    ledger: Measured
    in_google_zone: Decimal
    by_day: Mapping[date, tuple[Decimal, Decimal]] = field(default_factory=dict)
    since: date | None = None
    before: Decimal | None = None
    open: bool = False
    prices: Sequence[str] = ()

    @property
    def gap(self) -> Decimal:
        """What the invoice has more than the ledger."""
        return self.invoice - self.ledger.paid.usd

    @property
    def agrees(self) -> bool:
        """To the cent."""
        return abs(self.gap) < CENT


def explained(facts: MonthFacts) -> list[str]:
    """What may explain the gap, the surest first. One sentence when there is none."""
    if facts.agrees:
        return ["They agree to the cent." + _beside(facts)]
    found = [sentence for reason in _REASONS for sentence in reason(facts)]
    return [*(found or _unexplained(facts)), *_few_days(facts)]


def _not_covered(facts: MonthFacts) -> Iterator[str]:
    if facts.since is not None:
        amount = f": the invoice has {numbers.usd(facts.before)} for the days before" if facts.before is not None else ""
        yield f"The ledger begins on {facts.since}{amount}."
    if facts.open:
        yield "The month is not over: the ledger has what was called until now."


def _other_zone(facts: MonthFacts) -> Iterator[str]:
    if abs(facts.invoice - facts.in_google_zone) < CENT:
        yield f"With days of {GOOGLE_ZONE}, as Google bills them, they agree to the cent: use --zone {GOOGLE_ZONE}."


def _unknown_cost(facts: MonthFacts) -> Iterator[str]:
    paid = facts.ledger.paid
    count = paid.unpriced + paid.unknown + paid.sent
    if count and facts.gap > 0:
        guess = (
            "" if paid.usd_per_call is None else f"; at the mean price of the others about {numbers.usd(paid.usd_per_call * count)}"
        )
        yield (
            f"{numbers.count(count)} calls are in no sum{guess}: {numbers.count(paid.unpriced)} without a known price, "
            f"{numbers.count(paid.unknown)} without a readable reply, {numbers.count(paid.sent)} without one yet."
        )


def _left_out(facts: MonthFacts) -> Iterator[str]:
    for name, side in facts.ledger.left_out.items():
        if name in UNREAL and side.usd and facts.gap > 0:
            same = ", which is the gap" if abs(side.usd - facts.gap) < CENT else ""
            calls = f"{numbers.count(side.calls)} calls marked {name} ({numbers.usd(side.usd)})"
            yield f"{calls} are not counted{same}: with a real key they cost money."


def _one_share(facts: MonthFacts) -> Iterator[str]:
    shares = [there / here for there, here in facts.by_day.values() if here]
    if len(shares) < 3 or any((there != 0) != (here != 0) for there, here in facts.by_day.values()):
        return
    mean = sum(shares, Decimal(0)) / len(shares)
    if all(abs(share - mean) < SAME_SHARE * mean for share in shares):
        more = "more" if mean > 1 else "less"
        yield (
            f"On every day the invoice has {abs(mean - 1) * 100:.1f} % {more}: a price or a tax differs, no call is missing. "
            f"The ledger's prices: {', '.join(facts.prices) or 'none'}."
        )


def _few_days(facts: MonthFacts) -> Iterator[str]:
    gaps = {day: there - here for day, (there, here) in facts.by_day.items() if abs(there - here) >= CENT}
    if 0 < len(gaps) <= MOST_DAYS and len(gaps) < len(facts.by_day):
        days = ", ".join(f"{day} ({'+' if gap > 0 else ''}{numbers.usd(gap)})" for day, gap in sorted(gaps.items()))
        yield f"The gap lies on {'one day' if len(gaps) == 1 else f'{len(gaps)} days'}: {days}."


def _unexplained(facts: MonthFacts) -> Iterator[str]:
    if facts.gap > 0:
        yield (
            "Nothing in the ledger explains it: calls with this key by other programs (scripts, consoles), "
            "or a ledger that was switched off."
        )
    else:
        yield "The ledger has more: a free quota or credits on the invoice, or calls that Google did not bill."


def _beside(facts: MonthFacts) -> str:
    paid = facts.ledger.paid
    count = paid.unpriced + paid.unknown + paid.sent
    return f" {numbers.count(count)} calls of unknown cost were billed nothing, or less than a cent." if count else ""


_REASONS: tuple[Callable[[MonthFacts], Iterator[str]], ...] = (
    _not_covered, _other_zone, _one_share, _unknown_cost, _left_out,
)  # fmt: skip
