"""Flat tables as CSV: exact, whole, in pieces."""

import csv
from decimal import Decimal
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.csv_text import defused
from prosepolish_core.calc.flat_table import AT_ONCE, FlatColumn, csv_lines

COLUMNS = (FlatColumn("a", str, lambda row: row[0]), FlatColumn("b", Decimal, lambda row: row[1]))


@given(st.lists(st.tuples(st.text("ab=,\"\n\r;' ", max_size=9), st.decimals(-(10**9), 10**9, places=9)), max_size=50))
def test_what_was_written_is_read_back(rows: list[tuple[str, Decimal]]) -> None:
    """Money to the last digit; text on one line, and no formula."""
    found = list(csv.reader(StringIO("".join(csv_lines(COLUMNS, rows)), newline="")))
    assert found[0] == ["a", "b"]
    assert [(a, Decimal(b)) for a, b in found[1:]] == [(defused(a), b) for a, b in rows]


def test_many_rows_come_in_pieces() -> None:
    """A file of any length needs little memory."""
    pieces = list(csv_lines((FlatColumn("n", int, lambda row: row),), range(2 * AT_ONCE + 1)))
    assert len(pieces) == 4
    assert "".join(pieces).replace('"', "").split() == ["n", *map(str, range(2 * AT_ONCE + 1))]
