"""What the outlook says in words: each quantity so far and projected; what was assumed beside what was measured."""

from collections.abc import Callable, Mapping

from prosepolish_core.calc import numbers
from prosepolish_core.calc.projection import NEEDED_DAYS, Projected, TooEarly
from prosepolish_core.calc.savings import Assumptions, estimate

from .outlook import OutlookRow, OutlookView

#: How each unit reads.
TEXTS: Mapping[str, Callable[[float], str]] = {
    "usd": numbers.usd,
    "count": numbers.count,
    "age": numbers.age,
    "traffic": lambda value: f"{numbers.count(value / 1e6)} MB",  # of 1,000,000 bytes, as bandwidth is sold
}
PROJECTED = (
    "If things go on as in the last full days, by weekday and hour, idle time included. In brackets the range that holds the truth "
    f"in nine of ten cases. Before {NEEDED_DAYS} full days are counted there is no projection."
)


def quantities(view: OutlookView) -> list[dict[str, object]]:
    """A row for each quantity."""
    return [_row(row, str(view.month)) for row in view.rows]


def projected(value: Projected | TooEarly, unit: str) -> tuple[str, str]:
    """The number and its range, or a dash and how long is still needed."""
    if isinstance(value, TooEarly):
        return numbers.NONE, f"in {numbers.age(value.wait_s)}: {value.full_days} of {NEEDED_DAYS} full days"
    text = TEXTS[unit]
    return text(value.amount), f"{text(value.low)} to {text(value.high)}"


def _row(row: OutlookRow, month: str) -> dict[str, object]:
    text = TEXTS[row.unit]
    cells: dict[str, object] = {"what": row.name, f"{month} so far": text(row.so_far)}
    for name, value in ((f"{month} projected", row.month), ("a year projected", row.year)):
        shown, told = projected(value, row.unit)
        known = isinstance(value, Projected) and text(value.low) != text(value.high)
        cells[name] = f"{shown} ({told})" if known else shown
    cells["assumed a month"] = numbers.NONE if row.assumed is None else text(row.assumed)
    return cells | {"which is": row.why}


def reference(view: OutlookView) -> list[dict[str, object]]:
    """Rate and price decide the money; both stand beside what was assumed."""
    assumed, found = Assumptions(), view.basis.measured
    corrections, words, days = view.basis.corrections, view.basis.words, view.basis.days
    both = corrections.paid + corrections.avoided
    rows = {
        "Corrections a day": (numbers.count(assumed.corrections_per_day), _per_day(both.calls, days)),
        "Corrections found": (numbers.percent(float(assumed.correction_hit_ratio)), numbers.percent(corrections.spared_ratio)),
        "Price of a call": (numbers.usd(assumed.usd_per_call), numbers.usd(both.usd_per_call)),
        "Time of a call": (f"{assumed.seconds_per_call} s", f"{found.seconds_per_call} s" if both.calls else numbers.NONE),
        "Saved a month": (numbers.usd(estimate(assumed).usd_per_month), projected(view.row("Avoided").month, "usd")[0]),
        "Lookups a day": (numbers.count(assumed.lookups_per_day), _per_day(words.lookups, days)),
        "Lookups found": (numbers.percent(float(assumed.lookup_hit_ratio)), numbers.percent(words.ratio)),
    }
    return [{"what": what, "assumed": one, "measured": other} for what, (one, other) in rows.items()]


def _per_day(calls: int, days: float) -> str:
    """A rate per day needs a day."""
    return numbers.count(calls / days) if days >= 1 else numbers.NONE
