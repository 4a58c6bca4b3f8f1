"""Flat tables as CSV: exact, whole, and no formula."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.flat_table import FlatColumn, csv_lines, text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""), (True, "true"), (3, "3"), (Decimal("1E-7"), "0.0000001"), (Decimal("-0.00050"), "-0.00050"),
        (datetime(2026, 11, 1, 1, tzinfo=timezone(timedelta(hours=1))), "2026-11-01T00:00:00Z"),
        (datetime(2026, 11, 1, 0, 0, 0, 5, UTC), "2026-11-01T00:00:00.000005Z"),
        ("=1+1", "'=1+1"), ("@x", "'@x"), ("gemini", "gemini"),
    ],
)  # fmt: skip
def test_a_cell_is_exact_and_no_formula(value: Any, shown: str) -> None:
    """Money without an exponent, instants in UTC, text that a spreadsheet leaves alone."""
    assert text(value) == shown


@given(st.lists(st.tuples(st.text("ab,\"\n\r;' ", max_size=9), st.decimals(-(10**9), 10**9, places=9)), max_size=50))
def test_what_was_written_is_read_back(rows: list[tuple[str, Decimal]]) -> None:
    """Whatever the text holds."""
    columns = (FlatColumn("a", str, lambda row: row[0]), FlatColumn("b", Decimal, lambda row: row[1]))
    found = list(csv.reader(StringIO("".join(csv_lines(columns, rows)), newline="")))
    assert found[0] == ["a", "b"]
    assert [(a, Decimal(b)) for a, b in found[1:]] == [(text(a), b) for a, b in rows]


def test_many_rows_come_in_pieces() -> None:
    """A file of any length needs little memory."""
    pieces = list(csv_lines((FlatColumn("n", int, lambda row: row),), range(50_000)))
    assert len(pieces) > 3
    assert "".join(pieces).split() == ["n", *map(str, range(50_000))]
