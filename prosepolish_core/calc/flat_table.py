"""Tables as files take them: named columns of one type each, filled from values. As CSV here; Parquet is a driver's."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from .csv_text import csv_line

#: Rows of one piece of text.
AT_ONCE = 500


class FlatColumn(NamedTuple):
    """One column: its name, the type of its cells (None is always allowed), and how a cell is made."""

    name: str
    kind: type
    cell: Callable[[Any], Any]


def csv_lines(columns: Sequence[FlatColumn], rows: Iterable[Any]) -> Iterator[str]:
    """A line of names and one line a row, some hundred at a time: a month of any length needs little memory."""
    yield csv_line([column.name for column in columns])
    source = iter(rows)
    while some := list(islice(source, AT_ONCE)):
        yield "".join(csv_line([column.cell(row) for column in columns]) for row in some)
