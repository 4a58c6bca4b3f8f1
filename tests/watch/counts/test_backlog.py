"""The backlog: bounded, and nothing counted is lost."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from prosepolish_core.model.access import RECORD
from prosepolish_core.model.counts import AccessChunk, LedgerRow
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.outcome import Family, Outcome, Tier
from prosepolish_core.watch.counts import backlog as module
from prosepolish_core.watch.counts.backlog import KEEP, MOST_BUCKETS, Backlog, added_up, thinned
from prosepolish_core.watch.counts.tally import Tally

START = 1_790_000_000
KEYS = [(f, t, Outcome.HIT) for f in (Family.DICTIONARY, Family.LLM) for t in (Tier.REDIS, Tier.GEMINI)]


def tally_of(index: int, calls: int) -> Tally:
    tally = Tally()
    for _ in range(calls):
        tally.step(*KEYS[index % len(KEYS)], BOUNDS_S[index % 60], answer=index % 2 == 0)
    tally.count("fill", calls)
    return tally


def totals(buckets: dict[int, Tally]) -> tuple[Counter[object], float, Counter[str]]:
    """Everything the buckets hold."""
    calls: Counter[object] = Counter()
    events: Counter[str] = Counter()
    seconds = 0.0
    for tally in buckets.values():
        events.update(tally.events)
        for key, counted in tally.lookups.items():
            calls[key, "steps"] += counted.steps
            calls[key, "answers"] += counted.answers
            for index, number in enumerate(counted.counts):
                calls[key, index] += number
            seconds += counted.sum_s
    return +calls, seconds, events


@given(st.dictionaries(st.integers(0, 100_000).map(lambda n: START + n * 10), st.integers(1, 9), min_size=1))
@settings(max_examples=60)
def test_thinning_keeps_every_count(spread: dict[int, int]) -> None:
    """Thinned buckets hold the same counts, never later than before, and thinning again changes nothing."""
    before = {second: tally_of(index, calls) for index, (second, calls) in enumerate(sorted(spread.items()))}
    expected = totals(before)
    after = thinned(before)
    assert totals(after)[::2] == expected[::2]
    assert abs(totals(after)[1] - expected[1]) < 1e-6
    assert len(after) <= len(before)
    assert len(after) <= sum(age // width for width, age in KEEP) + 3
    assert sorted(thinned(after)) == sorted(after)


def test_recent_buckets_are_left_as_they_are() -> None:
    """A quarter of an hour keeps its 10 s detail."""
    before = {START + n * 10: tally_of(n, 1) for n in range(MOST_BUCKETS)}
    assert sorted(thinned(before)) == sorted(before)


def test_a_week_without_the_store_stays_small_and_whole() -> None:
    """Eight days of buckets fit in a few hundred, and all of it comes out again."""
    backlog = Backlog()
    rounds = 8 * 8640 // 4
    for number in range(rounds):
        backlog.add(START + number * 40, tally_of(0, 1), [], [])
    assert backlog.buckets <= MOST_BUCKETS + module.MORE_BUCKETS + sum(age // width for width, age in KEEP) + 3
    process, sequence, steps = uuid4(), 0, 0
    while backlog:
        sequence += 1
        batch = backlog.take(process, sequence)
        steps += sum(row.steps for row in batch.lookups)
    assert steps == rounds


def call(cost: str | None, *, model: str = "m") -> LlmCall:
    return LlmCall("paid", "correct", model, 10, 1, 5, 2, None if cost is None else Decimal(cost), "2026-01-01", 1.5)


MONEY = st.one_of(st.none(), st.decimals("0", "1", places=6))


@given(st.lists(st.tuples(st.integers(0, 10_000), MONEY, MONEY), max_size=80))
def test_ledger_rows_added_up_keep_their_sums(given_rows: list[tuple[int, Decimal | None, Decimal | None]]) -> None:
    """Calls, tokens, time and money of added-up rows equal those of the rows; unpriced stays unpriced."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    rows = [LedgerRow(start + timedelta(seconds=s), call("0")._replace(cost_usd=c, then_usd=then)) for s, c, then in given_rows]

    def sums(of: list[LedgerRow]) -> tuple[object, ...]:
        return (
            sum(r.calls for r in of),
            sum(r.calls for r in of if r.call.cost_usd is None),
            sum((r.call.cost_usd or Decimal(0) for r in of), Decimal(0)),
            sum(r.calls for r in of if r.call.then_usd is None),
            sum((r.call.then_usd or Decimal(0) for r in of), Decimal(0)),
            sum(r.call.prompt for r in of),
            sum(r.call.cached + r.call.output + r.call.thoughts for r in of),
            sum(r.call.duration_s for r in of),
        )

    assert sums(added_up(rows)) == sums(rows)


def test_ledger_rows_are_bounded_and_none_is_lost() -> None:
    """Far more rows than are kept one by one: fewer rows wait, the calls are all there."""
    backlog, instant = Backlog(), datetime(2026, 11, 1, tzinfo=UTC)
    for _ in range(6):
        backlog.add(START, Tally(), [LedgerRow(instant, call("0.0005")) for _ in range(3000)], [])
    process, rows = uuid4(), []
    while backlog:
        rows += backlog.take(process, 1).ledger
    assert len(rows) <= module.MOST_LEDGER_ROWS + 3000
    assert sum(row.calls for row in rows) == 18_000
    assert sum((row.call.cost_usd or 0 for row in rows), Decimal(0)) == Decimal("9.0000")


def test_an_access_trace_that_is_too_long_loses_its_oldest_part_and_says_so() -> None:
    """The trace is a sample: it may be cut, but the cut is counted."""
    backlog = Backlog()
    size = 50_000
    chunk = AccessChunk(datetime(2026, 11, 1, tzinfo=UTC), "dict", 1.0, bytes(RECORD.size * size))
    for _ in range(5):
        backlog.add(START, Tally(), [], [chunk])
    batch = backlog.take(uuid4(), 1)
    assert sum(c.reads for c in batch.accesses) == module.MOST_ACCESSES
    assert [(e.name, e.amount) for e in batch.events] == [("access_trace_dropped", size)]
