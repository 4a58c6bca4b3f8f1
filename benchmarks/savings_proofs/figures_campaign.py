"""Is one sum, and one rate, the same number wherever it is told? Pages, /metrics, commands, exports, SQL."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import uuid4

from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from benchmarks._stack import postgres
from benchmarks.proofs.table import Row
from dashboard.report.savings import of_month, report
from dashboard.views import hit_rate, outlook, overview, savings
from prosepolish_core import Config, Core
from prosepolish_core.calc import numbers
from prosepolish_core.calc.ledger_sums import as_total, measured
from prosepolish_core.cli.estimate import estimate
from prosepolish_core.cli.export import export
from prosepolish_core.model.calendar_month import CalendarMonth
from prosepolish_core.model.counts import LedgerRow, LookupDelta, TelemetryBatch
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.llm import LedgerLine, LlmCall
from prosepolish_core.model.window import Window
from prosepolish_core.watch.counts.ledger_store import LedgerStore
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter
from prosepolish_core.watch.metrics.render import Exposition

#: Rows lie between these ages, so that every window of the last hour holds them all.
OLDEST, NEWEST = timedelta(minutes=50), timedelta(minutes=3)
LIVE = "provenance = 'live'"


def run(seed: int, small: bool, database_url: str = "") -> list[Row]:
    """The paid sum, the avoided sum and the hit rate of corrections, each from every place that tells it."""
    drawn = random.Random(seed)
    with ExitStack() as stack:
        url = database_url or stack.enter_context(postgres())
        core = stack.enter_context(Core.open(Config.from_env({"DATABASE_URL": url})))
        now = datetime.now(UTC)
        _fill(core, drawn, now, 200 if small else 3000)
        told = {name: {place: tell() for place, tell in places.items()} for name, places in _places(core, url, now).items()}
        return [_row(seed, name, places) for name, places in told.items()]


def _row(seed: int, name: str, places: Mapping[str, Any]) -> Row:
    exact = {value for value in places.values() if isinstance(value, Decimal)}
    doubles = {value for value in places.values() if isinstance(value, float)}
    same = len(exact) <= 1 and len(doubles | {float(value) for value in exact}) == 1
    seen = f"all {next(iter(exact | doubles))}" if same else "; ".join(f"{place} {value}" for place, value in places.items())
    return Row(f"{name}, told by {len(places)} places", seed, ", ".join(places), seen, "equal", same)


def _places(core: Core, url: str, now: datetime) -> dict[str, dict[str, Callable[[], Any]]]:
    window, day = Window(now - timedelta(hours=1), now), Window(now - timedelta(hours=24), now)
    page, first = savings.build(core.samples, core.telemetry, window), overview.build(core.samples, core.telemetry, window)
    wide, rates = savings.build(core.samples, core.telemetry, day), hit_rate.build(core.samples, core.telemetry, window)
    scraped, command = _scraped(core), _command(url)
    rows = [row for row in core.ledger_rows.every(window) if row.call.provenance == "live"]
    by_rows = measured(map(as_total, rows))
    months = _months(core, now)
    llm = next(rate for rate in rates.rates if (rate.family, rate.tier) == ("llm", "redis"))

    def sums(kind: str, focus: str, sign: int) -> dict[str, Callable[[], Any]]:
        return {
            "Savings page, 1 h": lambda: getattr(page.sums, kind).usd,
            "Savings page, 24 h": lambda: getattr(wide.sums, kind).usd,
            "its lines": lambda: sum(
                (side.usd for name, side in page.sums.lines.items() if (name in _PAID) == (kind == "paid")), Decimal(0)
            ),
            "its rows": lambda: getattr(by_rows, kind).usd,
            "the month so far": lambda: sum((getattr(month.sums, kind).usd for month, _ in months), Decimal(0)),
            "the report": lambda: sum((_in(text, getattr(month.sums, kind).usd) for month, text in months), Decimal(0)),
            "/metrics": lambda: scraped["prosepolish_llm_cost_usd_total", kind],
            "prosepolish estimate": lambda: Decimal(command[f"{kind}_usd"]),
            "export ledger": lambda: _exported(url, now, "cost_usd", kind=kind),
            "FOCUS": lambda: sign * _exported(url, now, "BilledCost", "--focus", focus),
            "SQL": lambda: _sql(core, f"SELECT sum(cost_usd) FROM llm_ledger WHERE kind = '{kind}' AND {LIVE}"),
            "SQL over the hours": lambda: _sql(core, f"SELECT sum(cost_usd) FROM llm_ledger_sum WHERE kind = '{kind}' AND {LIVE}"),
        }

    avoided = sums("avoided", "savings", -1) | {"Overview": lambda: first.avoided_usd}
    hits = "sum(steps) FILTER (WHERE outcome IN ('hit', 'negative_hit', 'stale_hit'))"
    asked = "sum(steps) FILTER (WHERE outcome IN ('hit', 'negative_hit', 'stale_hit', 'miss', 'coalesced'))"
    of_llm = "FROM telemetry_lookup WHERE step = 3600 AND family = 'llm' AND tier = 'redis'"
    rate: dict[str, Callable[[], Any]] = {
        "Savings page": lambda: page.rate.value,
        "Hit rate page": lambda: float(llm.ratio),
        "prosepolish estimate": lambda: command["hit_ratio"],
        "/metrics": lambda: scraped["hits", ""] / scraped["asked", ""],
        "SQL": lambda: float(_sql(core, f"SELECT {hits}::float8 / {asked} {of_llm}")),
    }
    return {"paid": sums("paid", "usage", 1), "avoided": avoided, "hit rate of corrections": rate}


_PAID = frozenset({LedgerLine.ANSWER, LedgerLine.NOTHING, LedgerLine.HOLD_OUT})


def _months(core: Core, now: datetime) -> list[tuple[savings.SavingsView, str]]:
    """The months that have rows, one or two, as the page has them, and the report of each."""
    found = []
    for at in {CalendarMonth.of(now - age): now - age for age in (OLDEST, NEWEST)}.values():
        window = of_month(Window(at - timedelta(hours=1), at), now, UTC)
        view = savings.build(core.samples, core.telemetry, window)
        found.append((view, report(view, outlook.build(core.telemetry, at), frozenset({"live"}))))
    return found


def _in(text: str, usd: Decimal) -> Decimal:
    """The sum, where the text tells it as it is told everywhere; else something that no sum is."""
    return usd if numbers.usd(usd) in text else Decimal(-1)


def _scraped(core: Core) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], Decimal] = {}
    for family in text_string_to_metric_families(Exposition(core.samples, core.telemetry).text()):
        for sample in family.samples:
            for key in _keys(sample.name, sample.labels):
                found[key] = found.get(key, Decimal(0)) + Decimal(repr(sample.value))
    return {key: float(value) for key, value in found.items()}


def _keys(name: str, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if labels.get("provenance") == "live":
        yield name, labels["kind"]
    if name == "prosepolish_tier_requests_total" and (labels["family"], labels["tier"]) == ("llm", "redis"):
        if labels["outcome"] in {"hit", "negative_hit", "stale_hit"}:
            yield "hits", ""
        if labels["outcome"] in {"hit", "negative_hit", "stale_hit", "miss", "coalesced"}:
            yield "asked", ""


def _command(url: str) -> dict[str, Any]:
    done = CliRunner().invoke(estimate, ["--measured", "1h", "--json"], env={"DATABASE_URL": url})
    found: dict[str, Any] = json.loads(done.stdout)["measured"]
    return found


def _exported(url: str, now: datetime, column: str, *options: str, **chosen: str) -> Decimal:
    total = Decimal(0)
    for month in {str(CalendarMonth.of(now - age)) for age in (OLDEST, NEWEST)}:
        done = CliRunner().invoke(export, ["ledger", "--month", month, *options], env={"DATABASE_URL": url})
        rows = csv.DictReader(StringIO(done.stdout))
        total += sum((Decimal(row[column] or 0) for row in rows if all(row[n] == v for n, v in chosen.items())), Decimal(0))
    return total


def _sql(core: Core, statement: str) -> Any:
    with core.pool.connection() as connection:
        found = connection.execute(statement).fetchone()
    return found[0] if found else None


def _fill(core: Core, drawn: random.Random, now: datetime, count: int) -> None:
    rows = []
    for _ in range(count):
        at, call_id = now - OLDEST + drawn.random() * (OLDEST - NEWEST), str(uuid4())
        line = drawn.choice([*_PAID, LedgerLine.REDIS, LedgerLine.COALESCED, LedgerLine.POSTGRES])
        cost = Decimal(drawn.randrange(10**6)).scaleb(-9)
        call = LlmCall("paid" if line in _PAID else "avoided", "correct", "m", 10, 0, 5, 0, cost, "2026-01-01", 1.5, cost, call_id)
        rows.append(
            LedgerRow(
                at, call._replace(line=line, provenance=drawn.choice(["live", "live", "stand-in"]), price_source="ours"), 1, call_id
            )
        )
    LedgerStore(core.pool).write(rows)
    lookups = [
        LookupDelta(now - timedelta(minutes=30), "llm", "redis", outcome, steps, steps, 0.1, (steps, *[0] * (len(BOUNDS_S) - 1)))
        for outcome, steps in {"hit": 37, "miss": 110, "coalesced": 41, "negative_hit": 5, "error": 3}.items()
    ]
    at = (now - timedelta(minutes=30)).replace(microsecond=0)
    at -= timedelta(seconds=at.second % 10)
    PostgresTelemetryWriter(core.pool).write(TelemetryBatch(uuid4(), 1, tuple(row._replace(ts=at) for row in lookups)))
