"""What an incident did to users: calls that failed, who answered instead, time added, calls paid beyond the usual.

Usual is what was counted in a time before, family by family: a change of what is asked is not the incident's doing.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from ..model.counts import LookupCounts
from ..model.incident import IncidentEffect
from ..model.outcome import FAILED

#: Fewer calls than this before say nothing about what is usual.
ENOUGH = 50


class Paid(NamedTuple):
    """LLM calls that were paid in a window; `usd` is the sum of those with a price."""

    calls: int
    unpriced: int
    usd: Decimal


class _Family(NamedTuple):
    """What was counted of one key family."""

    calls: int
    failed: int
    seconds: float
    by_tier: Counter[str]


def effect(
    start: float,
    end: float,
    counted: Sequence[LookupCounts],
    before: Sequence[LookupCounts],
    paid: Paid | None,
    paid_before: Paid | None,
) -> IncidentEffect:
    """The effect from `start` to `end`. `paid` is None where the ledger could not be read."""
    now, usual = _families(counted), _families(before)
    known = {name: of for name, of in usual.items() if of.calls >= ENOUGH}
    calls = sum(of.calls for of in now.values())
    compared = bool(known) and any(name in known for name in now)
    answered = sum((of.by_tier for of in now.values()), Counter[str]())
    extra, usd = _beyond(paid, paid_before, calls, sum(of.calls for of in usual.values()))
    return IncidentEffect(
        start,
        end,
        calls,
        sum(of.failed for of in now.values()),
        _expected_failures(now, known) if compared else None,
        dict(sorted(answered.items())),
        _expected(now, known) if compared else None,
        _added(now, known),
        None if paid is None else paid.calls,
        extra,
        usd,
        0 if paid is None else paid.unpriced,
    )


def _families(rows: Sequence[LookupCounts]) -> dict[str, _Family]:
    found: dict[str, _Family] = {}
    for row in rows:
        of = found.get(row.family) or _Family(0, 0, 0.0, Counter())
        failed = row.outcome in FAILED
        if not failed and row.answers:
            of.by_tier[row.tier] += row.answers
        found[row.family] = of._replace(
            calls=of.calls + row.answers, failed=of.failed + (row.answers if failed else 0), seconds=of.seconds + row.sum_s
        )
    return found


def _expected(now: dict[str, _Family], usual: dict[str, _Family]) -> dict[str, float]:
    """How many calls each tier would have answered, had each family gone as usual; of a new family, as it went."""
    found: defaultdict[str, float] = defaultdict(float)
    for name, of in now.items():
        like = usual.get(name, of)
        for tier, answers in like.by_tier.items():
            found[tier] += of.calls * answers / max(1, like.calls)
    return {tier: round(calls, 1) for tier, calls in sorted(found.items())}


def _expected_failures(now: dict[str, _Family], usual: dict[str, _Family]) -> float:
    return round(sum(of.calls * usual[name].failed / usual[name].calls for name, of in now.items() if name in usual), 1)


def _added(now: dict[str, _Family], usual: dict[str, _Family]) -> float | None:
    """Seconds by which a call took longer, on average over the families that can be compared."""
    compared = {name: of for name, of in now.items() if name in usual and of.calls}
    calls = sum(of.calls for of in compared.values())
    if not calls:
        return None
    longer = sum(of.seconds - of.calls * usual[name].seconds / usual[name].calls for name, of in compared.items())
    return longer / calls


def _beyond(paid: Paid | None, before: Paid | None, calls: int, calls_before: int) -> tuple[float | None, Decimal | None]:
    """Paid calls and dollars beyond what as many calls cost before; never below zero."""
    if paid is None or before is None or calls_before < ENOUGH:
        return None, None
    extra = max(0.0, paid.calls - before.calls * calls / calls_before)
    usd = max(Decimal(0), paid.usd - before.usd * calls / calls_before)
    return round(extra, 1), None if paid.unpriced else usd.quantize(Decimal("0.000001"))
