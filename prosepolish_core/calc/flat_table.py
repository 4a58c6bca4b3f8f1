"""Tables as files take them: named columns of one type each, filled from values. As CSV here; Parquet is a driver's."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, NamedTuple

#: A cell that begins so is taken for a formula by spreadsheets; a model's name comes from outside.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FlatColumn(NamedTuple):
    """One column: its name, the type of its cells (None is always allowed), and how a cell is made."""

    name: str
    kind: type
    cell: Callable[[Any], Any]


def csv_lines(columns: Sequence[FlatColumn], rows: Iterable[Any]) -> Iterator[str]:
    """A head line and one line a row, ended as RFC 4180 has it. Money is exact; what is not known is empty."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([text(column.cell(row)) for column in columns])
        if buffer.tell() > 1 << 16:
            yield _taken(buffer)
    yield _taken(buffer)


def text(value: Any) -> str:
    """One cell: instants in UTC with a Z, numbers without an exponent, text that no spreadsheet takes for a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Decimal():
            return f"{value:f}"
        case str():
            return f"'{value}" if value.startswith(FORMULA) else value
        case _:
            return str(value)


def _taken(buffer: StringIO) -> str:
    found = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return found
