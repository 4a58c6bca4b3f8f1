"""What is shown, to take along: the table behind a chart, and a file that says its range, filters and definition."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go
import streamlit as st

from dashboard.charts.behind import Behind, behind
from prosepolish_core.calc.csv_text import csv_text
from prosepolish_core.calc.numbers import NONE
from prosepolish_core.calc.shown_number import ShownNumber

from . import window

#: Pixels of the line below a chart or table; of a table behind a chart: its height, of a column, its width at most.
ROOM, TALL, WIDE, MOST_WIDE = 36, 320, 150, 640
HEAD = "Open it with any spreadsheet. Units stand in the names of the columns; an empty cell is unknown."
#: Parts of the address that the head tells otherwise.
_RANGE = frozenset({"range", "from", "to"})

Read = Callable[[], Behind]


def of_chart(figure: go.Figure, *, key: str, about: str, defined: Sequence[str] = ()) -> None:
    """The line below a chart: its numbers as a table, and as a file."""
    head = _head(about, defined)
    with st.container(horizontal=True, horizontal_alignment="right"):
        opened = st.popover("Numbers", icon=":material/table:", type="tertiary", key=f"{key}-numbers", on_change="rerun")
    if opened.open:
        with opened:
            found = behind(figure)
            rows = [dict(zip(found.columns, map(_shown, row), strict=True)) for row in found.rows]
            told, width = f"The numbers behind: {about}", min(MOST_WIDE, WIDE * len(found.columns))
            st.dataframe(rows, hide_index=True, key=f"{key}-behind", alt=told, height=TALL, width=width)
            _file(lambda: found, head, key)


def of_rows(rows: Sequence[Mapping[str, object]], *, key: str, about: str, defined: Sequence[str] = ()) -> None:
    """The line below a table: the same rows as a file."""
    file(lambda: table_of(rows), key=key, about=about, defined=defined)


def file(read: Read, *, key: str, about: str, defined: Sequence[str] = ()) -> None:
    """The line below anything else: what `read` gives when somebody asks for the file."""
    head = _head(about, defined)
    with st.container(horizontal=True, horizontal_alignment="right"):
        _file(read, head, key)


def table_of(rows: Sequence[Mapping[str, object]]) -> Behind:
    """Rows of a table with the numbers themselves; the unit of a column stands in its name."""
    names = list(rows[0]) if rows else []
    units = {name: {cell.unit for row in rows if isinstance(cell := row[name], ShownNumber)} for name in names}
    columns = tuple(f"{name} ({unit})" if len(units[name]) == 1 and (unit := min(units[name])) else name for name in names)
    return Behind(columns, tuple(tuple(_number(row[name]) for name in names) for row in rows))


def _number(cell: object) -> object:
    return cell.value if isinstance(cell, ShownNumber) else None if cell == NONE else cell


def _shown(cell: object) -> object:
    """Four digits are what a reader takes in; the file has all of them."""
    return float(f"{cell:.4g}") if isinstance(cell, float) else cell


def _file(read: Read, head: Sequence[str], key: str) -> None:
    """The file is written when somebody asks for it."""

    def written() -> bytes:
        found = read()
        return csv_text(head, found.columns, found.rows).encode("utf-8-sig")  # the mark by which Excel knows UTF-8

    name = re.sub(r"[^a-z0-9]+", "-", f"prosepolish {key} {window.chosen().key}".lower()).strip("-")
    st.download_button(
        "CSV", written, f"{name}.csv", "text/csv", key=f"{key}-csv", help=HEAD, on_click="ignore", type="tertiary",
        icon=":material/download:",
    )  # fmt: skip


def _head(about: str, defined: Sequence[str]) -> list[str]:
    """What a file says of itself before its numbers."""
    shown = window.chosen()
    start, end = shown.window().texts
    chosen = [f"{name} = {', '.join(st.query_params.get_all(name))}" for name in st.query_params if name not in _RANGE]
    return [
        f"ProsePolish: {about}",
        f"range: {start} to {end} ({shown.words})",
        f"chosen in the address: {'; '.join(chosen) or 'nothing, all as usual'}",
        *(defined or ["definitions: docs/numbers.md"]),
        f"written: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}; units stand in the names of the columns, an empty cell is unknown",
    ]
