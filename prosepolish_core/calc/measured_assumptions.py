"""The assumptions of the savings formula, filled from what was measured instead of assumed."""

from dataclasses import replace
from decimal import Decimal

from .ledger_sums import Measured
from .lookups_spared import ApiSpared
from .savings import Assumptions


def measured_assumptions(corrections: Measured, words: ApiSpared, days: float, usual: Assumptions | None = None) -> Assumptions:
    """What the ledger and the counts of so many days say; what they do not say stays as `usual` has it.

    Found is a correction that needed no call, whoever spared it. The size of an answer is not measured, and how many
    come in a day only from one whole day on.
    """
    known = usual or Assumptions()
    whole_day = days >= 1
    both = corrections.paid + corrections.avoided
    if both.calls:
        known = replace(
            known,
            corrections_per_day=round(both.calls / days) if whole_day else known.corrections_per_day,
            correction_hit_ratio=round(Decimal(corrections.avoided.calls) / both.calls, 3),
            seconds_per_call=round(Decimal(both.seconds) / both.calls, 1),
        )
    if (price := both.usd_per_call) is not None:
        known = replace(known, usd_per_call=round(price, 6))
    if words.lookups:
        ratio = Decimal(words.total) / words.lookups
        a_day = round(words.lookups / days) if whole_day else known.lookups_per_day
        known = replace(known, lookups_per_day=a_day, lookup_hit_ratio=round(ratio, 3))
    return known
