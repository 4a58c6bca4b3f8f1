"""Parts of the ledger: every total that a page shows, as the rows it is the sum of."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ..model.counts import LedgerTotal
from ..model.llm import CallState, LedgerLine
from .ledger_sums import AVOIDED, PAID, Side, measured

#: What totals are told apart by, besides the parts that have names of their own.
APART = ("line", "task", "model")
UNSURE = (CallState.UNPRICED.value, CallState.UNKNOWN.value, CallState.SENT.value)


class LedgerPart(NamedTuple):
    """Rows chosen by the values that some of their columns have. `name` stands in links."""

    name: str
    chosen: Mapping[str, tuple[object, ...]]

    def holds(self, row: LedgerTotal) -> bool:
        """Whether rows with these marks are in it. The state of a call is no mark of a sum: see `side_of`."""
        return all(getattr(row, column) in values for column, values in self.chosen.items() if column != "state")

    def among(self, provenance: Collection[str]) -> Mapping[str, Collection[object]]:
        """What to choose single rows by, of the provenance that is counted."""
        return {**self.chosen, "provenance": sorted(provenance)}


#: Totals with names of their own.
PARTS: Mapping[str, LedgerPart] = {
    part.name: part
    for part in (
        LedgerPart("all", {}),
        LedgerPart("paid", {"kind": (PAID,)}),
        LedgerPart("nothing", {"kind": (PAID,), "line": (LedgerLine.NOTHING.value,)}),
        LedgerPart("avoided", {"kind": (AVOIDED,)}),
        LedgerPart(
            "redis-alone",
            {"kind": (AVOIDED,), "line": (LedgerLine.REDIS.value, LedgerLine.REMEMBERED.value), "also_postgres": (False,)},
        ),
        LedgerPart("unsure", {"state": UNSURE}),
    )
}


def part_named(name: str) -> LedgerPart | None:
    """A part by its name: `paid`, or a column and a value such as `task.correct`. None for what is none."""
    column, point, value = name.partition(".")
    if point and value and column in APART:
        return LedgerPart(name, {column: (value,)})
    return PARTS.get(name)


def parts_of(rows: Iterable[LedgerTotal], provenance: Collection[str]) -> list[str]:
    """The names of all parts that hold any of these rows: those with names of their own first."""
    counted = [row for row in rows if row.provenance in provenance]
    apart = [f"{column}.{value}" for column in APART for value in sorted({str(getattr(row, column)) for row in counted})]
    return [name for name, part in PARTS.items() if calls_of(part, counted)] + apart


def calls_of(part: LedgerPart, rows: Iterable[LedgerTotal]) -> int:
    """How many calls of these rows it holds."""
    held = [row for row in rows if part.holds(row)]
    return sum(row.unpriced + row.unknown + row.sent if "state" in part.chosen else row.calls for row in held)


def side_of(part: LedgerPart, rows: Iterable[LedgerTotal], provenance: Collection[str]) -> Side:
    """The part's total. Of calls whose cost nobody knows only the number is known."""
    held = [row for row in rows if part.holds(row) and row.provenance in provenance]
    if "state" in part.chosen:
        counts = {name: sum(getattr(row, name) for row in held) for name in ("unpriced", "unknown", "sent")}
        return Side(sum(counts.values()), **counts)
    sums = measured(held, counted=provenance)
    return sums.paid + sums.avoided
