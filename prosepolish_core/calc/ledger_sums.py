"""What the ledger says: paid, and what the same calls would have cost without any cache, line by line. Decimal only."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..model.counts import LedgerRow, LedgerTotal
from ..model.llm import CallState, LedgerLine
from ..model.provenance import Provenance

PAID, AVOIDED = "paid", "avoided"
#: What the headline counts.
HEADLINE = frozenset({Provenance.LIVE.value})


@dataclass(frozen=True, slots=True)
class Side:
    """Rows added up. `usd` covers the priced calls only: with `unpriced` or `unknown` above zero it is a lower bound.

    `unknown` calls left and nobody knows what they cost; `sent` ones are on their way.
    """

    calls: int = 0
    unpriced: int = 0
    usd: Decimal = Decimal(0)
    seconds: float = 0.0
    unknown: int = 0
    sent: int = 0
    discount_usd: Decimal = Decimal(0)

    def with_row(self, row: LedgerTotal) -> "Side":
        """And this row."""
        return Side(
            self.calls + row.calls,
            self.unpriced + row.unpriced,
            self.usd + row.cost_usd,
            self.seconds + row.duration_s,
            self.unknown + row.unknown,
            self.sent + row.sent,
            self.discount_usd + row.discount_usd,
        )

    def __add__(self, other: "Side") -> "Side":
        """Both together."""
        return Side(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def priced(self) -> int:
        """Calls whose cost is in `usd`."""
        return self.calls - self.unpriced - self.unknown - self.sent

    @property
    def known_usd(self) -> Decimal | None:
        """The sum, or None where there were calls and the cost of none is known."""
        return None if self.calls and not self.priced else self.usd

    @property
    def usd_per_call(self) -> Decimal | None:
        """The mean price of the priced calls."""
        return self.usd / self.priced if self.priced else None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a window's ledger says. `lines` add up: those of paid calls to `paid`, those of spared ones to `avoided`.

    `redis_alone` is what Redis spares that PostgreSQL would not. `left_out` are the rows of other provenance.
    """

    paid: Side
    avoided: Side
    cache_usd: Decimal = Decimal(0)
    lines: Mapping[str, Side] = field(default_factory=dict)
    redis_alone: Side = Side()
    left_out: Mapping[str, Side] = field(default_factory=dict)

    @property
    def without_cache_usd(self) -> Decimal:
        """What the same calls would have cost without any cache."""
        return self.paid.usd + self.avoided.usd

    @property
    def net_usd(self) -> Decimal:
        """Avoided cost less the cache's own price in the window; may be negative."""
        return self.avoided.usd - self.cache_usd

    @property
    def spared_ratio(self) -> float | None:
        """Share of the LLM calls wanted that were not made; None when none was wanted."""
        wanted = self.paid.calls + self.avoided.calls
        return self.avoided.calls / wanted if wanted else None

    @property
    def waiting_s(self) -> float:
        """Time of the model that callers did not wait for. Who waited for another caller's call was spared none."""
        return self.avoided.seconds - self.line(LedgerLine.COALESCED).seconds

    @property
    def unpriced(self) -> int:
        """Calls on either side whose cost nobody knows. They are in no sum."""
        return self.paid.unpriced + self.avoided.unpriced + self.paid.unknown + self.avoided.unknown

    def line(self, name: str) -> Side:
        """One line; empty where nothing stands in it."""
        return self.lines.get(name, Side())


def measured(rows: Iterable[LedgerTotal], cache_usd: Decimal = Decimal(0), counted: Collection[str] = HEADLINE) -> Measured:
    """Add up ledger rows of the provenance that is counted. Rows of another kind are left out."""
    sides = {PAID: Side(), AVOIDED: Side()}
    lines: dict[str, Side] = {}
    left_out: dict[str, Side] = {}
    alone = Side()
    for row in rows:
        if row.kind not in sides:
            continue
        if row.provenance not in counted:
            left_out[row.provenance] = left_out.get(row.provenance, Side()).with_row(row)
            continue
        sides[row.kind] = sides[row.kind].with_row(row)
        lines[row.line] = lines.get(row.line, Side()).with_row(row)
        if row.kind == AVOIDED and row.line in {LedgerLine.REDIS, LedgerLine.REMEMBERED} and not row.also_postgres:
            alone = alone.with_row(row)
    return Measured(sides[PAID], sides[AVOIDED], cache_usd, lines, alone, left_out)


def as_total(row: LedgerRow) -> LedgerTotal:
    """One row as the sum of itself: what any total of the ledger adds up."""
    call, state = row.call, row.call.state
    without_price = call.cost_usd is None and state in {CallState.PRICED, CallState.UNPRICED}
    return LedgerTotal(
        ts=row.ts,
        kind=call.kind,
        model=call.model,
        calls=row.calls,
        unpriced=row.calls if without_price else 0,
        prompt=call.prompt,
        cached=call.cached,
        output=call.output,
        thoughts=call.thoughts,
        cost_usd=call.cost_usd or Decimal(0),
        duration_s=call.duration_s,
        task=call.task,
        then_usd=call.then_usd or Decimal(0),
        then_unpriced=row.calls if call.then_usd is None else 0,
        line=call.line,
        provenance=call.provenance,
        also_postgres=call.also_postgres,
        price_date=call.price_date,
        price_source=call.price_source,
        unknown=row.calls if state == CallState.UNKNOWN else 0,
        sent=row.calls if state == CallState.SENT else 0,
        discount_usd=call.discount_usd or Decimal(0),
    )
