"""A CSV file keeps every number exact and lets no stored text become a formula."""

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from math import inf, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prosepolish_core.calc.csv_text import cell, csv_text, defused

#: What spreadsheets take for the begin of a formula, and numbers of ours, alone or before further cells of ours.
LIVE = tuple("=+-@＝＋－＠")
NUMBER = r"-?\d+(\.\d+)?(e[+-]?\d+)?"
NUMBERS = re.compile(rf'{NUMBER}(,({NUMBER}|true|false)?(?=,|$)|,".*)*', re.DOTALL)
HOSTILE = st.text(st.sampled_from("=+-@;,|\t\r\n\"' a1\u2028\x00＝"), max_size=12) | st.text(max_size=20)
VALUES = HOSTILE | st.floats() | st.integers() | st.decimals(allow_nan=True, places=9) | st.none() | st.booleans()


@given(st.lists(HOSTILE, max_size=3), st.lists(HOSTILE, min_size=1, max_size=3), st.lists(st.lists(VALUES, min_size=1, max_size=4)))
@example(["x"], ["a"], [[1, "a;=1"], ["-5 %"], ['a";=1'], ['b;"=1'], [" =1"], ["@SUM(A1)"], ["\t=1"], [-5, "1+x|'y'!A0"]])
def test_no_cell_is_a_formula_whatever_the_separator(head: list[str], columns: list[str], rows: list[list[object]]) -> None:
    """Read as Excel reads it in any country, no cell begins with a sign of a formula unless it is a number of ours."""
    text = csv_text(head, columns, rows)
    for separator in ",;\t|":
        for row in csv.reader(StringIO(text), delimiter=separator):
            for found in row:
                bare = found.strip().partition("\r")[0]
                assert not bare.startswith(LIVE) or NUMBERS.fullmatch(bare), (separator, found)


@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_a_row_stays_a_row(cells: list[str]) -> None:
    """Nothing in a cell begins another line or another cell."""
    assert list(csv.reader(StringIO(csv_text([], [], [cells]))))[1:] == [[defused(one) for one in cells]]


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="=+-@;,|＝＋－＠"), max_size=30))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """Only what could be a formula is changed."""
    assert defused(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("-4.50"), "-4.50"),
        (-5, "-5"),
        (0.1, "0.1"),
        (nan, ""),
        (inf, ""),
        (Decimal("NaN"), ""),
        (None, ""),
        (True, "true"),
        (datetime(2026, 11, 27, 3, tzinfo=UTC), "2026-11-27T03:00:00Z"),
        ("=1+1", "'=1+1"),
    ],
)
def test_values_are_exact_and_unknown_ones_empty(value: object, shown: str) -> None:
    """Money keeps every digit; no exponent turns it into something else."""
    assert cell(value) == shown
