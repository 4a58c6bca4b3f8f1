"""A figure in the making: plain dictionaries until it is done,
as Plotly's own builder checks every attribute at every step.
"""

from typing import Any

import plotly.graph_objects as go

Pairs = dict[str, Any]


class Draft:
    """The few methods of `go.Figure` that charts use. Tests give each figure to Plotly's own check."""

    def __init__(self) -> None:
        self._data: list[Pairs] = []
        self._layout: Pairs = {"xaxis": {}, "yaxis": {}, "shapes": [], "annotations": []}

    def add_scatter(self, **trace: Any) -> None:
        """Add lines or markers."""
        self._data.append({"type": "scatter"} | _set(trace))

    def add_bar(self, **trace: Any) -> None:
        self._data.append({"type": "bar"} | _set(trace))

    def add_vline(self, x: str, line: Pairs) -> None:
        """Add a vertical line over the whole height."""
        self._layout["shapes"].append({"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line})

    def add_annotation(self, **annotation: Any) -> None:
        self._layout["annotations"].append(annotation)

    def update_layout(self, **layout: Any) -> None:
        """Set attributes of the layout."""
        self._layout.update(layout)

    def update_xaxes(self, **axis: Any) -> None:
        """Set attributes of the x axis."""
        self._layout["xaxis"].update(axis)

    def update_yaxes(self, **axis: Any) -> None:
        """Set attributes of the y axis."""
        self._layout["yaxis"].update(axis)

    def done(self) -> go.Figure:
        return go.Figure({"data": self._data, "layout": self._layout}, _validate=False)


def _set(trace: Pairs) -> Pairs:
    """Without the attributes that are not set."""
    return {name: value for name, value in trace.items() if value is not None}
