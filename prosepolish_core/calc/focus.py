"""FOCUS 1.2: the ledger as finance tools read costs (FinOps Open Cost and Usage Specification, focus.finops.org).

Usage is what was paid. Savings are credits: negative, and of a provider of their own, as no invoice has them. The two
are never in one table, so that the sum of BilledCost over the usage is the invoice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from ..model.calendar_month import CalendarMonth
from ..model.counts import LedgerTotal
from ..model.window import Window
from .flat_table import FlatColumn
from .ledger_sums import AVOIDED, PAID

#: Added to every number, so that a reader who guesses types takes it for a decimal.
CENTS = Decimal("0.00")


class FocusKind(NamedTuple):
    """Which rows of the ledger become which charges."""

    kind: str
    category: str
    sign: int
    provider: str
    service: str
    description: str


#: Name on the command line -> its table.
KINDS: Mapping[str, FocusKind] = {
    "usage": FocusKind(PAID, "Usage", 1, "Google", "Gemini API", "Calls of"),
    "savings": FocusKind(AVOIDED, "Credit", -1, "ProsePolish", "Cache of Gemini API answers", "Calls not made of"),
}


class FocusCharge(NamedTuple):
    """One row: the alike calls of one day of a billing period."""

    of: FocusKind
    account: str
    month: CalendarMonth
    day: Window
    total: LedgerTotal

    @property
    def cost(self) -> Decimal:
        """What it costs; less than nothing for a credit."""
        return self.of.sign * self.total.cost_usd + CENTS

    @property
    def tokens(self) -> Decimal:
        """What is billed; cached ones are part of the prompt. None where a sum has calls without a price: whose they
        are is not known.
        """
        total = self.total
        return Decimal(0 if without_cost(total) else total.prompt + total.output + total.thoughts) + CENTS

    @property
    def consumed(self) -> Decimal | None:
        """FOCUS keeps consumption to usage."""
        return self.tokens if self.of.category == "Usage" else None


def charges(
    of: FocusKind, account: str, month: CalendarMonth, days: Iterable[tuple[Window, Iterable[LedgerTotal]]]
) -> Iterator[FocusCharge]:
    """One charge for each day and sum of alike calls.

    Calls of unknown cost are in none: FOCUS knows no cost that is not known.
    """
    for day, totals in days:
        for total in totals:
            if total.kind == of.kind and total.calls > without_cost(total):
                yield FocusCharge(of, account, month, day, total)


def without_cost(total: LedgerTotal) -> int:
    """Calls that are in no sum: without a price, of unknown cost, or on their way."""
    return total.unpriced + total.unknown + total.sent


def _always(value: object) -> Callable[[FocusCharge], object]:
    return lambda _: value


_COST: tuple[type, Callable[[FocusCharge], Any]] = (Decimal, lambda charge: charge.cost)
_COLUMNS: Mapping[str, tuple[type, Callable[[FocusCharge], Any]]] = {
    "BilledCost": _COST,
    "BillingAccountId": (str, lambda charge: charge.account),
    "BillingAccountName": (str, _always(None)),
    "BillingCurrency": (str, _always("USD")),
    "BillingPeriodEnd": (datetime, lambda charge: charge.month.window.end),
    "BillingPeriodStart": (datetime, lambda charge: charge.month.window.start),
    "ChargeCategory": (str, lambda charge: charge.of.category),
    "ChargeClass": (str, _always(None)),
    "ChargeDescription": (str, lambda charge: f"{charge.of.description} {charge.total.model}"),
    "ChargeFrequency": (str, _always("Usage-Based")),
    "ChargePeriodEnd": (datetime, lambda charge: charge.day.end),
    "ChargePeriodStart": (datetime, lambda charge: charge.day.start),
    "ConsumedQuantity": (Decimal, lambda charge: charge.consumed),
    "ConsumedUnit": (str, lambda charge: None if charge.consumed is None else "Tokens"),
    "ContractedCost": _COST,
    "EffectiveCost": _COST,
    "InvoiceId": (str, _always(None)),  # only the invoice knows it
    "InvoiceIssuerName": (str, lambda charge: charge.of.provider),
    "ListCost": _COST,
    "PricingQuantity": (Decimal, lambda charge: charge.tokens),
    "PricingUnit": (str, _always("Tokens")),
    "ProviderName": (str, lambda charge: charge.of.provider),
    "PublisherName": (str, lambda charge: charge.of.provider),
    "ServiceCategory": (str, _always("AI and Machine Learning")),
    "ServiceName": (str, lambda charge: charge.of.service),
    "ServiceSubcategory": (str, _always("Generative AI")),
    "SkuId": (str, lambda charge: charge.total.model),
    # Ours, behind FOCUS's own and marked as its rules want it.
    "x_Calls": (int, lambda charge: charge.total.calls - without_cost(charge.total)),
    "x_Task": (str, lambda charge: charge.total.task),
    "x_Line": (str, lambda charge: charge.total.line),
    "x_Provenance": (str, lambda charge: charge.total.provenance),
    "x_PriceSource": (str, lambda charge: charge.total.price_source or None),
    "x_PriceValidFrom": (str, lambda charge: charge.total.price_date or None),
    "x_PromptTokens": (int, lambda charge: charge.total.prompt),
    "x_CachedTokens": (int, lambda charge: charge.total.cached),
    "x_OutputTokens": (int, lambda charge: charge.total.output + charge.total.thoughts),
}
COLUMNS = tuple(FlatColumn(name, kind, cell) for name, (kind, cell) in _COLUMNS.items())
