"""Hold-out: a few hits are called all the same, beside the caller, to measure what hits save."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from prosepolish_core.live.cache import FamilyCache
from prosepolish_core.live.corrections import Corrector
from prosepolish_core.live.corrections.record import is_record
from prosepolish_core.live.llm.ledger import Ledger
from prosepolish_core.model.keys import LLM
from prosepolish_core.model.llm import LedgerLine, LlmCall, LlmFault
from prosepolish_core.model.outcome import Outcome, Tier
from prosepolish_core.model.provenance import Provenance, acting_as
from tests.live.corrections.bench import MODEL, RIGHT, TEXT, Bench, reply
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live


@pytest.fixture
def bench(valkey_url: str) -> Iterator[Bench]:
    """A bench whose corrector calls every hit all the same, once there is one."""
    found = Bench(valkey_url)
    cache = FamilyCache(found.link, LLM, found.notes, grace=0.0, fits=is_record)
    ledger = Ledger(found.notes.llm, now=lambda: found.today)
    assert found.corrector.correct(TEXT).text == RIGHT
    found.corrector = Corrector(cache, found.model, MODEL, ledger, hold_out=1.0)
    yield found
    found.close()


def lines(bench: Bench) -> list[tuple[str, str]]:
    return [(call.kind, str(call.line)) for call in bench.notes.calls]


def settled(bench: Bench, rows: int) -> LlmCall:
    wait_for(lambda: len(bench.notes.calls) >= rows)
    return bench.notes.calls[-1]


def test_the_caller_has_the_hit_and_the_ledger_the_pair(bench: Bench) -> None:
    """Nobody waits: the answer is Redis's. The row says what the call cost and what the hit would have saved."""
    bench.model.answer = reply(RIGHT)._replace(output=300, call_id="c2")
    found = bench.corrector.correct(TEXT)
    assert (found.text, found.tier, found.outcome) == (RIGHT, Tier.REDIS, Outcome.HIT)
    held = settled(bench, 2)
    assert lines(bench) == [("paid", "answer"), ("paid", "hold-out")]
    assert held.then_usd == bench.notes.calls[0].cost_usd == Decimal("0.0009")
    assert held.cost_usd == Decimal("0.0014625")
    assert held.call_id == "c2"


@pytest.mark.parametrize("cost", [Decimal(0), None])
def test_a_call_that_came_to_nothing_is_no_pair(bench: Bench, cost: Decimal | None) -> None:
    """Where none was paid, the hit has spared one after all; where nobody knows, the lost call's own row says so."""
    bench.model.answer = LlmFault(Outcome.REFUSED, "429", 1.0, cost)
    bench.corrector.correct(TEXT)
    wait_for(lambda: len(bench.model.calls) == 2)
    bench.link.close()  # waits for what runs in the background
    assert lines(bench)[1:] == ([("avoided", "redis")] if cost is not None else [])


def test_only_what_users_cause_is_held_out(bench: Bench) -> None:
    """A click in the Playground costs nobody a second call."""
    with acting_as(Provenance.PLAYGROUND):
        bench.corrector.correct(TEXT)
    assert lines(bench)[1:] == [("avoided", LedgerLine.REDIS)]
    assert len(bench.model.calls) == 1


def test_without_the_setting_no_hit_is_called(bench: Bench) -> None:
    """The usual case."""
    bench.corrector._hold_out = 0.0
    bench.corrector.correct(TEXT)
    assert lines(bench)[1:] == [("avoided", LedgerLine.REDIS)]
