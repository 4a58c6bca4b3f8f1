"""A store that holds days of an LLM ledger with the lookups beside it, as a team's working days leave them; seeded."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from prosepolish_core.model.counts import LedgerRow, LookupDelta, TelemetryBatch
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.llm import CallState, LedgerLine, LlmCall
from prosepolish_core.model.provenance import Provenance
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter

MODELS = ("gemini-3.5-flash-lite", "gemini-2.5-flash-lite")
PRICE = {MODELS[0]: (Decimal("0.30"), Decimal("2.50")), MODELS[1]: (Decimal("0.10"), Decimal("0.40"))}
#: Line, task, and how often of 100 calls wanted.
MIX = (
    (LedgerLine.ANSWER, "correct", 55),
    (LedgerLine.REDIS, "correct", 27),
    (LedgerLine.COALESCED, "correct", 3),
    (LedgerLine.REMEMBERED, "correct", 2),
    (LedgerLine.NOTHING, "correct", 2),
    (LedgerLine.ANSWER, "define", 3),
    (LedgerLine.POSTGRES, "define", 5),
    (LedgerLine.REDIS, "define", 3),
)
PAID = {LedgerLine.ANSWER, LedgerLine.NOTHING, LedgerLine.HOLD_OUT}
#: What was looked up: family, tier, outcome, steps and answers an hour, seconds each.
LOOKUPS = (
    ("dict", "redis", "hit", 88, 88, 0.0008),
    ("dict", "redis", "miss", 12, 0, 0.0007),
    ("dict", "postgres", "hit", 9, 9, 0.006),
    ("dict", "dictionary_api", "hit", 3, 3, 0.32),
    ("llm", "redis", "hit", 31, 31, 0.001),
    ("llm", "redis", "miss", 69, 0, 0.001),
    ("llm", "gemini", "hit", 69, 69, 1.6),
)


def ledger_days(now: datetime, days: float, calls_a_day: int = 60, seed: int = 1) -> Iterator[LedgerRow]:
    """Rows of so many days until now, oldest first: busy by day, half as much at the weekend, quiet by night."""
    chance = random.Random(seed)
    began, paid = now - timedelta(days=days), [str(UUID(int=chance.getrandbits(128))) for _ in range(40)]
    for at in _moments(chance, began, now, calls_a_day):
        line, task, _ = chance.choices(MIX, weights=[share for *_, share in MIX])[0]
        yield _row(chance, at, line, task, paid)


def _moments(chance: random.Random, began: datetime, now: datetime, calls_a_day: int) -> Iterator[datetime]:
    hour = began
    while hour < now:
        busy = (1.0 if 8 <= hour.hour < 18 else 0.15) * (0.5 if hour.weekday() >= 5 else 1.0)
        wanted = calls_a_day / 12.1 * busy
        for _ in range(int(wanted) + (chance.random() < wanted % 1)):
            at = hour + timedelta(seconds=chance.random() * 3600)
            if at < now:
                yield at
        hour += timedelta(hours=1)


def _row(chance: random.Random, at: datetime, line: LedgerLine, task: str, paid: list[str]) -> LedgerRow:
    model = MODELS[chance.random() < 0.3]
    prompt, output = chance.randint(150, 700), chance.randint(60, 260)
    dear = PRICE[model]
    cost = (prompt * dear[0] + output * dear[1]) / 1_000_000
    unknown = line is LedgerLine.NOTHING and chance.random() < 0.4
    whose = chance.choices((Provenance.LIVE, Provenance.PLAYGROUND, Provenance.TEST), weights=(94, 4, 2))[0]
    call_id = str(UUID(int=chance.getrandbits(128)))
    call = LlmCall(
        "paid" if line in PAID else "avoided", task, model, prompt, 0, output, 0, None if unknown else cost, "2026-10-14",
        chance.uniform(0.8, 2.4), then_usd=None if unknown else cost, call_id=call_id,
        state=CallState.UNKNOWN if unknown else CallState.PRICED, line=line, provenance=whose, price_source="genai-prices 0.2.3",
        discount_usd=Decimal(0), detail="timeout" if unknown else "", of_call="" if line in PAID else chance.choice(paid),
        also_postgres=task == "define" and line not in PAID,
    )  # fmt: skip
    if line is LedgerLine.ANSWER:
        paid[chance.randrange(len(paid))] = call_id
    return LedgerRow(at, call, 1, call_id)


def lookup_hours(now: datetime, days: float) -> Iterator[LookupDelta]:
    """Counts of lookups, one bucket an hour."""
    counts = [0] * len(BOUNDS_S)
    for hours in range(1, int(days * 24)):
        at = (now - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
        for family, tier, outcome, steps, answers, took in LOOKUPS:
            yield LookupDelta(at, family, tier, outcome, steps, answers, steps * took, (steps, *counts[1:]))


def keep_days(writer: PostgresTelemetryWriter, now: datetime, days: float, calls_a_day: int = 60, seed: int = 1) -> list[LedgerRow]:
    """Write both; the rows of the ledger."""
    rows = list(ledger_days(now, days, calls_a_day, seed))
    writer.write(TelemetryBatch(uuid4(), 1, lookups=tuple(lookup_hours(now, days)), ledger=tuple(rows)))
    return rows
