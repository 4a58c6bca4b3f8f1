"""The table behind a figure: what is drawn, as columns and rows, in the unit of its axis."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from .scales import DECADES


class Behind(NamedTuple):
    """Named columns and their rows; an instant is text in UTC, a number is a number, what is not known is None."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def behind(figure: go.Figure) -> Behind:
    """One row for each place on the axis (an instant, a category, a setting), one column for each trace."""
    traces = [trace for trace in figure.data if trace.hoverinfo != "skip"]
    upright = not any(_across(trace) for trace in traces)
    places = figure.layout.xaxis if upright else figure.layout.yaxis
    unit = _unit(figure.layout.yaxis if upright else figure.layout.xaxis)
    named = dict(zip(places.tickvals or (), places.ticktext or (), strict=False))
    found: dict[object, dict[str, object]] = {}
    columns: dict[str, None] = {}
    for trace in traces:
        at = trace.x if upright else trace.y
        for name, values in _columns(trace, upright):
            columns[f"{name} ({unit})" if unit else name] = None
            for place, value in zip(at, values, strict=False):
                if (number := _plain(value)) is not None:
                    found.setdefault(_place(place, named), {})[f"{name} ({unit})" if unit else name] = number
    timed = upright and places.type == "date"
    order = sorted(found, key=str) if timed else list(found)
    rows = tuple((place, *(found[place].get(name) for name in columns)) for place in order)
    return Behind(("time (UTC)" if timed else "what", *columns), rows)


def _columns(trace: Any, upright: bool) -> Iterator[tuple[str, Any]]:
    """The trace's own values; where it has them, where a bar begins and the bounds around a point."""
    values = trace.y if upright else trace.x
    name = trace.name or (trace.text[0] if isinstance(trace.text, list | tuple) and len(trace.text) else "") or "value"
    if trace.type == "bar" and trace.base is not None:
        yield f"{name}, begins at", trace.base
    yield name, values
    if trace.type == "scatter" and not upright and trace.error_x.array is not None:
        yield f"{name}: low", np.subtract(values, trace.error_x.arrayminus)
        yield f"{name}: high", np.add(values, trace.error_x.array)


def _across(trace: Any) -> bool:
    """Whether the places stand on the y axis."""
    return (trace.type == "bar" and trace.orientation == "h") or (len(trace.y) > 0 and isinstance(trace.y[0], str))


def _unit(axis: Any) -> str:
    """What the axis writes around its numbers."""
    if axis.ticktext and set(axis.ticktext) <= set(DECADES.values()):
        return "s"
    return str((axis.tickprefix or "") + (axis.ticksuffix or "")).strip().replace("$", "USD")


def _place(place: Any, named: Mapping[Any, str]) -> object:
    if isinstance(place, np.datetime64):
        return f"{np.datetime_as_string(place, unit='s').replace('T', ' ')}"
    return named.get(place, _plain(place))


def _plain(value: Any) -> object:
    """A number of Python's own, None for one that is none; text as it is."""
    bare = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(bare, float) and bare != bare else bare
