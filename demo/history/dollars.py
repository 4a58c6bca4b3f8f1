"""The ledger of a simulated world: what its calls to the LLM cost, what its hits spared; a row a minute and line."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from prosepolish_core.calc.money import Priced
from prosepolish_core.drivers.postgres_pool import Connection
from prosepolish_core.live.llm.price_table import PriceTable
from prosepolish_core.model.correction import Tokens
from prosepolish_core.model.llm import CallState, LedgerLine
from prosepolish_core.model.outcome import Family, Outcome, Tier
from prosepolish_core.model.provenance import Provenance

from .counts import CountCourse
from .knobs import Numbers

#: Tokens of one call: what is asked and what is answered.
TOKENS = {"correct": Tokens(230, 0, 80, 0), "define": Tokens(160, 0, 120, 0)}
CALL_S = 0.75
_COPY = """COPY llm_ledger (ts, kind, line, task, model, price_date, price_source, calls, prompt, cached, output, thoughts,
    cost_usd, then_usd, duration_s, state, provenance) FROM STDIN"""


class LedgerKind(NamedTuple):
    """What one kind of count is in the ledger."""

    kind: str
    line: LedgerLine
    task: str


#: Counts that are calls, or calls spared.
KINDS = {
    (Family.LLM, Tier.GEMINI, Outcome.HIT): LedgerKind("paid", LedgerLine.ANSWER, "correct"),
    (Family.LLM, Tier.GEMINI, Outcome.ERROR): LedgerKind("paid", LedgerLine.NOTHING, "correct"),
    (Family.DICTIONARY, Tier.GEMINI, Outcome.HIT): LedgerKind("paid", LedgerLine.ANSWER, "define"),
    (Family.DICTIONARY, Tier.GEMINI, Outcome.ERROR): LedgerKind("paid", LedgerLine.NOTHING, "define"),
    (Family.LLM, Tier.REDIS, Outcome.HIT): LedgerKind("avoided", LedgerLine.REDIS, "correct"),
}


def copy_dollars(connection: Connection, at: Numbers, counts: Sequence[CountCourse], model: str, prices: PriceTable) -> None:
    """Write them in the caller's transaction, all as simulated: no headline counts them."""
    with connection.cursor().copy(_COPY) as copy:
        for course in counts:
            if kind := KINDS.get((course.family, course.tier, course.outcome)):
                for row in _rows(at, course, kind, model, prices):
                    copy.write_row(row)


def _rows(at: Numbers, course: CountCourse, kind: LedgerKind, model: str, prices: PriceTable) -> Iterator[tuple[object, ...]]:
    """A call that came to nothing has no tokens and costs nothing: it was refused or failed."""
    tokens = Tokens(0, 0, 0, 0) if kind.line is LedgerLine.NOTHING else TOKENS[kind.task]

    @cache
    def priced(day: int) -> Priced:
        return prices.priced(model, tokens, datetime.fromtimestamp(day * 86_400, UTC))

    for second, calls in zip(at.tolist(), course.steps.astype(int).tolist(), strict=True):
        if not calls:
            continue
        price = priced(int(second // 86_400))
        cost = None if price.cost_usd is None else price.cost_usd * calls
        yield (
            datetime.fromtimestamp(second, UTC),
            kind.kind,
            kind.line.value,
            kind.task,
            model,
            price.price_date,
            price.source,
            calls,
            *(count * calls for count in tokens),
            cost,
            cost,
            CALL_S * calls,
            (CallState.UNPRICED if cost is None else CallState.PRICED).value,
            Provenance.SIMULATED.value,
        )
