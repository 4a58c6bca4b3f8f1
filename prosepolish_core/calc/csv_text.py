"""Tables as CSV text that every spreadsheet shows and none of them runs: what others stored never becomes a formula."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite

#: Where a cell may begin for a spreadsheet, whatever it takes for the separator, and the signs that begin a formula.
_LIVE = re.compile(r'(^|[;,|])([\s"]*)(?=[=+\-@＝＋－＠])')
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def csv_text(head: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Head lines that begin with #, the names of the columns, and a line for each row."""
    lines = ([f"# {line}"] for line in head)
    return "".join(map(csv_line, (*lines, columns, *rows)))


def csv_line(cells: Iterable[object]) -> str:
    """One line with its end."""
    return ",".join(map(_written, cells)) + "\r\n"


def cell(value: object) -> str:
    """One cell: numbers exact and without an exponent where they are decimal, instants in UTC, unknown ones empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}" if value.is_finite() else ""
        case int() | float():
            return str(value) if isfinite(value) else ""
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return defused(str(value))


def defused(text: str) -> str:
    """The text on one line, with an apostrophe wherever a spreadsheet would begin to read a formula."""
    return _LIVE.sub(r"\1\2'", _BREAKS.sub(" ", text))


def _written(value: object) -> str:
    """Text in quotes, so that a spreadsheet with another separator never joins it to a number before it."""
    shown = cell(value)
    return '"' + shown.replace('"', '""') + '"' if isinstance(value, str) else shown
