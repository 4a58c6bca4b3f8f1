"""Marks on a chart: those that fall together are one line, and no label covers another."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from prosepolish_core.model.series import Mark

from .figure_builder import Draft
from .theme import MARK_COLOURS, QUIET, WARN

#: Shares of the axis: marks that are nearer than this are one line; a label is so wide; so many rows of labels.
TOGETHER, LABEL, ROWS = 0.02, 0.12, 4
#: Pixels between two rows of labels.
ROW_PX = 12
#: Marks named one by one when the pointer rests on a line, and letters of each.
MOST_NAMED, LONGEST = 8, 120


class MarkLine(NamedTuple):
    """One line: where it stands, the marks it stands for, and the row of its label (None: no room for one)."""

    at: datetime
    marks: tuple[Mark, ...]
    row: int | None

    @property
    def label(self) -> str:
        """The kinds; of many only the first and how many more."""
        kinds = list(dict.fromkeys(mark.kind for mark in self.marks))
        more = f" +{len(self.marks) - 1}" if len(self.marks) > 1 else ""
        return kinds[0] + more if len(kinds) != len(self.marks) or len(kinds) > 2 else ", ".join(kinds)

    @property
    def told(self) -> str:
        """What each mark says, one a line; foreign words never become HTML."""
        lines = [
            f"{m.ts:%H:%M:%S} {m.kind}: {escape(m.text[:LONGEST])}{'…' if len(m.text) > LONGEST else ''}"
            for m in self.marks[:MOST_NAMED]
        ]
        if len(self.marks) > MOST_NAMED:
            lines.append(f"and {len(self.marks) - MOST_NAMED} more")
        return "<br>".join(lines)


def placed(marks: Sequence[Mark], start: datetime, end: datetime) -> list[MarkLine]:
    """The lines for an axis from `start` to `end`, oldest first; a line stands at its first mark."""
    width = end - start
    groups: list[list[Mark]] = []
    for mark in sorted((m for m in marks if start <= m.ts <= end), key=lambda m: m.ts):
        if groups and mark.ts - groups[-1][0].ts < width * TOGETHER:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    free = [start - width] * ROWS
    found = []
    for group in groups:
        at = group[0].ts
        row = next((row for row in range(ROWS) if free[row] <= at), None)
        if row is not None:
            free[row] = at + width * LABEL
        found.append(MarkLine(at, tuple(group), row))
    return found


def draw(figure: Draft, marks: Sequence[Mark], start: datetime, end: datetime) -> None:
    """Draw them over the whole height; a label at the right edge stands left of its line."""
    for line in placed(marks, start, end):
        x = line.at.replace(tzinfo=None).isoformat()
        colour = MARK_COLOURS.get(line.marks[0].kind, WARN)
        figure.add_vline(x=x, line={"color": colour or QUIET, "width": 1.2, "dash": "dot"})
        at_edge = end - line.at < (end - start) * LABEL
        figure.add_annotation(
            x=x,
            y=1,
            yref="paper",
            yanchor="top",
            xanchor="right" if at_edge else "left",
            xshift=-2 if at_edge else 2,
            yshift=-ROW_PX * (line.row or 0),
            text=line.label if line.row is not None else "·",
            hovertext=line.told,
            showarrow=False,
            font={"size": 10, "color": colour},
        )
