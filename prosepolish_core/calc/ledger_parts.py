"""Parts of the ledger: every total that a page shows, as the rows it is the sum of."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from ..model.counts import LedgerTotal
from ..model.llm import CallState, LedgerLine
from ..model.outcome import Family
from .ledger_sums import AVOIDED, PAID, Side, measured

#: The key family that holds the answers of a task.
FAMILY_OF = {"correct": Family.LLM.value, "define": Family.DICTIONARY.value}
#: What totals are told apart by, besides the parts that have names of their own: the name that a row falls under.
APART: Mapping[str, Callable[[LedgerTotal], str]] = {
    "line": lambda row: str(row.line),
    "task": lambda row: row.task,
    "family": lambda row: FAMILY_OF.get(row.task, row.task),
    "model": lambda row: row.model,
    "price": lambda row: f"{row.price_source}|{row.price_date}",
    "whose": lambda row: str(row.provenance),
}
#: Those that a choice offers one by one, and those that tell the rows of the finest table apart.
OFFERED, FINEST = ("line", "task", "model", "price"), ("task", "model", "line", "whose", "price")
#: Between the names of an intersection, and between source and date of a price.
AND, BAR = "~", "|"
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
        own = self.chosen.get("provenance", provenance)
        return {**self.chosen, "provenance": sorted(str(name) for name in own if name in provenance)}


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
    """A part by its name: `paid`, a column and a value (`task.correct`), or several joined by ~. None for no part."""
    chosen: dict[str, tuple[object, ...]] = {}
    for one in name.split(AND):
        column, point, value = one.partition(".")
        if one in PARTS:
            chosen |= PARTS[one].chosen
        elif point and column in APART:
            chosen |= _apart(column, value)
        else:
            return None
    return LedgerPart(name, chosen)


def _apart(column: str, value: str) -> dict[str, tuple[object, ...]]:
    match column:
        case "family":
            return {"task": tuple(task for task, family in FAMILY_OF.items() if family == value) or (value,)}
        case "price":
            source, _, date = value.rpartition(BAR)
            return {"price_source": (source,), "price_date": (date,)}
        case "whose":
            return {"provenance": (value,)}
        case _:
            return {column: (value,)}


def parts_of(rows: Iterable[LedgerTotal], provenance: Collection[str]) -> list[str]:
    """The names of all parts that hold any of these rows: those with names of their own first, the finest last."""
    counted = [row for row in rows if row.provenance in provenance]
    apart = [f"{column}.{value}" for column in OFFERED for value in sorted({APART[column](row) for row in counted})]
    finest = sorted({finest_of(row) for row in counted})
    return [name for name, part in PARTS.items() if calls_of(part, counted)] + apart + finest


def finest_of(row: LedgerTotal) -> str:
    """The name of the smallest part that holds this row."""
    return AND.join(f"{column}.{APART[column](row)}" for column in FINEST)


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
