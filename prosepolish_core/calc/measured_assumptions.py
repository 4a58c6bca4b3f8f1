"""The assumptions of the savings formula, filled from what was measured instead of assumed."""

from dataclasses import replace
from decimal import Decimal

from .ledger_sums import Measured
from .lookups_spared import ApiSpared
from .savings import Assumptions


def measured_assumptions(corrections: Measured, words: ApiSpared, days: float, usual: Assumptions | None = None) -> Assumptions:
    """What the ledger and the counts of so many days say; what they do not say stays as `usual` has it.

    Found is a correction that needed no call, whoever spared it. The size of an answer is not measured.
    """
    known = usual or Assumptions()
    both = corrections.paid + corrections.avoided
    if both.calls:
        known = replace(
            known,
            corrections_per_day=round(both.calls / days),
            correction_hit_ratio=round(Decimal(corrections.avoided.calls) / both.calls, 3),
            seconds_per_call=round(Decimal(both.seconds) / both.calls, 1),
        )
    if (price := both.usd_per_call) is not None:
        known = replace(known, usd_per_call=round(price, 6))
    if words.lookups:
        ratio = Decimal(words.total) / words.lookups
        known = replace(known, lookups_per_day=round(words.lookups / days), lookup_hit_ratio=round(ratio, 3))
    return known
