"""A plan in one or two plain sentences."""

from collections.abc import Mapping
from decimal import Decimal

from ...model.whatif import Banded, WhatIfPlan
from ..numbers import percent, size

NAMES: Mapping[str, str] = {"dict": "word", "llm": "correction", "user": "profile", "settings": "settings"}


def sentences(plan: WhatIfPlan) -> list[str]:
    """What would change, what that is worth a month, and what of memory."""
    found = [_family(plan, family) for family in plan.lifted if _matters(plan, family)]
    if not found:
        found = ["No hit rate would change by more than 0.1 points."]
    if plan.saved_usd is not None:
        found.append(_money(plan.saved_usd))
    new, old = plan.scenario, plan.today
    if new.needed > max(new.held, 1.0) * 1.01:
        found.append(f"All values would take {size(new.needed)}; there is room for {size(new.held)}, so some are evicted.")
    elif abs(new.held - old.held) > 0.01 * max(old.held, 1.0):
        found.append(f"Keys and values would take {size(new.held)} at most instead of {size(old.held)}.")
    return found


def _matters(plan: WhatIfPlan, family: str) -> bool:
    return abs(plan.lifted[family].value) >= 0.001 or plan.scenario.scenario.ttl_s[family] != plan.today.scenario.ttl_s[family]


def _family(plan: WhatIfPlan, family: str) -> str:
    new, old = plan.scenario.of(family), plan.today.of(family)
    before, after = (row.hit.value if row and row.hit else float("nan") for row in (old, new))
    ttls = [side.scenario.ttl_s[family] for side in (plan.today, plan.scenario)]
    how = f"{ttl_text(ttls[0])} → {ttl_text(ttls[1])} would" if ttls[0] != ttls[1] else "This would"
    verb = "lift" if after >= before else "lower"
    return f"{how} {verb} {NAMES.get(family, family)} hits from {percent(before)} to {percent(after)}."


def _money(saved: Banded) -> str:
    """With the bounds in the order that people read them."""
    if abs(saved.value) < 0.005 and saved.high - saved.low < 0.02:
        return "The LLM's bill would stay as it is, to the cent."
    low, high = sorted((abs(saved.low), abs(saved.high)))
    if saved.low < 0 < saved.high:
        return f"About {_usd(saved.value)} a month, anything from {_usd(saved.low)} to {_usd(saved.high)}: not surely a gain."
    gained = "less" if saved.value > 0 else "more"
    return f"About {_usd(abs(saved.value))} a month {gained} for the LLM, {_usd(low)} to {_usd(high)}."


def _usd(value: float) -> str:
    return f"{'-' if round(value, 2) < 0 else ''}${abs(Decimal(str(value))):.2f}"


def ttl_text(seconds: float) -> str:
    """As it is typed: 24h, 7d, 15m."""
    for letter, unit in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % unit == 0 and seconds >= (3 * unit if letter == "d" else unit):
            return f"{seconds / unit:g} {letter}"
    return f"{seconds:g} s"
