"""`prosepolish whatif`: what another time to live, memory or policy would come to."""

import math
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ..calc import numbers
from ..calc.whatif.sentence import sentences, ttl_text
from ..model.whatif import Banded, Forecast, Policy, ScenarioChange, WhatIfPlan
from ..watch.planning.planner import Planner, plan, told_span
from .opened import as_json, opened_core, print_json


@click.command()
@click.option(
    "--ttl", "ttls", multiple=True, metavar="FAMILY=SPAN", help="Another time to live, such as llm=72h. As often as needed."
)
@click.option("--maxmemory", metavar="SIZE", help="Another limit of memory, such as 512mb.")
@click.option("--policy", type=click.Choice([policy.value for policy in Policy]), help="Another maxmemory-policy.")
@as_json
def whatif(ttls: tuple[str, ...], maxmemory: str | None, policy: str | None, as_json: bool) -> None:
    """Play the recorded trace of key reads with other settings of Redis: hit rates, bill, evictions, memory.

    Changes nothing. Needs PostgreSQL; the trace must be twice as long as the times to live that are compared.

    Exit codes: 0 done, 1 the trace is too short or cannot be read, 2 wrong usage.
    """
    change = ScenarioChange.read(ttls, maxmemory or "", policy or "")
    with opened_core() as core:
        found = plan(Planner(core.samples, core.telemetry).situation(), change)
    if as_json:
        print_json(plain(found))
        return
    console = Console(highlight=False)
    for sentence in sentences(found):
        console.print(sentence)
    console.print(_table(found))


def _table(found: WhatIfPlan) -> Table:
    note = f"From {found.reads:,} reads over {told_span(found.traced.seconds)}; months of 30 days at that pace."
    table = Table(caption=note)
    for name in ("what", "today", "then"):
        table.add_column(name, justify="left" if name == "what" else "right")
    old, new = found.today, found.scenario
    for row in new.families:
        before = old.of(row.family)
        today_ttl, ttl = old.scenario.ttl_s[row.family], new.scenario.ttl_s[row.family]
        table.add_row(f"{row.family}: time to live", ttl_text(today_ttl), ttl_text(ttl))
        if row.hit is None or before is None or before.hit is None:
            table.add_row("  hit rate", "–", f"traced {told_span(row.traced_s)}, needs {told_span(row.enough_s)}", end_section=True)
            continue
        table.add_row("  hit rate", banded(before.hit, 100, "%"), banded(row.hit, 100, "%"))
        table.add_row(
            "  evicted a day", numbers.count(before.evicted_per_day), numbers.count(row.evicted_per_day), end_section=True
        )
    table.add_row("LLM calls a month", *(banded(side.bill.calls if side.bill else None, 1, "", 0) for side in (old, new)))
    table.add_row("LLM bill a month", *(banded(side.bill.usd if side.bill else None, 1, "$", 2) for side in (old, new)))
    table.add_row("Waiting a month", *(banded(side.bill.waiting_s if side.bill else None, 1 / 3600, "h") for side in (old, new)))
    table.add_row("Limit of memory", *(numbers.size(side.scenario.maxmemory) for side in (old, new)))
    table.add_row("Keys and values, at most", *(numbers.size(side.held) for side in (old, new)))
    table.add_row("Without a limit they would take", *(numbers.size(side.needed) for side in (old, new)))
    return table


def banded(of: Banded | None, scale: float, unit: str, digits: int = 1) -> str:
    """A number with its bounds."""
    if of is None or not math.isfinite(of.value):
        return "–"
    value, low, high = (f"{number * scale:,.{digits}f}" for number in of)
    sign, unit = ("$", "") if unit == "$" else ("", f" {unit}".rstrip())
    return f"{sign}{value}{unit}" if low == high else f"{sign}{value}{unit} ({low}–{high})"


def plain(found: WhatIfPlan) -> dict[str, Any]:
    """As JSON has it; what is not known is null."""
    return {
        "today": _side(found.today),
        "scenario": _side(found.scenario),
        "saved_usd_per_month": _numbers(found.saved_usd),
        "hit_ratio_change": {family: _numbers(lift) for family, lift in found.lifted.items()},
        "by_ttl": {"family": found.family, "points": [_finite(point._asdict()) for point in found.by_ttl]},
        "by_memory": [_finite(point._asdict()) for point in found.by_memory],
        "trace": {
            "from": found.traced.start,
            "to": found.traced.end,
            "reads": found.reads,
            "share_of_keys": dict(found.rates),
            "other_bytes": round(found.beside),
        },
        "sentences": sentences(found),
    }


def _side(side: Forecast) -> dict[str, Any]:
    scenario = side.scenario
    return {
        "ttl_s": dict(scenario.ttl_s),
        "maxmemory": scenario.maxmemory,
        "policy": scenario.policy.value,
        "families": [_finite(row._asdict() | {"hit": _numbers(row.hit)}) for row in side.families],
        "llm_calls_per_month": _numbers(side.bill.calls if side.bill else None),
        "llm_usd_per_month": _numbers(side.bill.usd if side.bill else None),
        "waiting_s_per_month": _numbers(side.bill.waiting_s if side.bill else None),
        "held_bytes": round(side.held),
        "needed_bytes": round(side.needed),
    }


def _numbers(of: Banded | None) -> dict[str, Any] | None:
    return None if of is None or not math.isfinite(of.value) else of._asdict()


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}
