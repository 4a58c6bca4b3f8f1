"""What FOCUS 1.2 asks of every table, from its published rules (model-1.2.0.1 of the package focus-validator 2.2.1).

The columns that MUST be present, which of them MUST NOT be null, their types, and the values that are allowed where a
table of values is given. The package itself needs Python 3.12; it is asked too where it is at hand.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

DECIMAL, TEXT, INSTANT = "decimal", "text", "instant"
#: Column -> its type and whether it may be null.
COLUMNS: Mapping[str, tuple[str, bool]] = {
    "BilledCost": (DECIMAL, False), "BillingAccountId": (TEXT, False), "BillingAccountName": (TEXT, True),
    "BillingCurrency": (TEXT, False), "BillingPeriodEnd": (INSTANT, False), "BillingPeriodStart": (INSTANT, False),
    "ChargeCategory": (TEXT, False), "ChargeClass": (TEXT, True), "ChargeDescription": (TEXT, False),
    "ChargePeriodEnd": (INSTANT, False), "ChargePeriodStart": (INSTANT, False), "ContractedCost": (DECIMAL, False),
    "EffectiveCost": (DECIMAL, False), "InvoiceIssuerName": (TEXT, False), "ListCost": (DECIMAL, False),
    "PricingQuantity": (DECIMAL, True), "PricingUnit": (TEXT, True), "ProviderName": (TEXT, False),
    "PublisherName": (TEXT, False), "ServiceCategory": (TEXT, False), "ServiceName": (TEXT, False),
}  # fmt: skip
ALLOWED = {
    "ChargeCategory": {"Adjustment", "Credit", "Purchase", "Tax", "Usage"},
    "ChargeClass": {"", "Correction"},
    "ServiceCategory": {"AI and Machine Learning"},
    "ServiceSubcategory": {"Generative AI"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
}
INSTANT_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")


def faults(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """What breaks a rule; empty when nothing does."""
    found = []
    for number, row in enumerate(rows, 1):
        found += [f"row {number}: {fault}" for fault in _faults(row)]
    return found


def _faults(row: Mapping[str, str]) -> list[str]:
    found = [f"no column {name}" for name in COLUMNS if name not in row]
    for name, (kind, may_be_null) in COLUMNS.items():
        value = row.get(name, "")
        if not value:
            found += [] if may_be_null else [f"{name} is null"]
        elif not _fits(kind, value):
            found.append(f"{name} is no {kind}: {value}")
    found += [f"{name} is {row[name]}" for name, values in ALLOWED.items() if name in row and row[name] not in values]
    found += [f"{name} is no name of a column" for name in row if not re.fullmatch(r"(x_)?([A-Z][a-z]+)+", name)]
    if row["ChargeCategory"] == "Usage" and not row["PricingQuantity"]:
        found.append("usage without a quantity")
    if bool(row["PricingQuantity"]) != bool(row["PricingUnit"]):
        found.append("a quantity without a unit, or a unit without a quantity")
    if row["ChargeCategory"] == "Credit" and len({row[name] for name in COSTS}) != 1:
        found.append("the costs of a credit differ")
    if row["ChargeCategory"] != "Usage" and row.get("ConsumedQuantity"):
        found.append("consumption that is no usage")
    return found


def _fits(kind: str, value: str) -> bool:
    if kind == DECIMAL:
        try:
            return Decimal(value).is_finite() and "E" not in value.upper()
        except InvalidOperation:
            return False
    return bool(INSTANT_FORM.fullmatch(value)) if kind == INSTANT else bool(value.strip())
