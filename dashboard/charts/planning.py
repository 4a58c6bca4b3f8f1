"""Hit rate and bill over a setting: a curve with today's point, the point that is tried, and the knee."""

from collections.abc import Sequence
from itertools import groupby
from math import log
from typing import NamedTuple

import plotly.graph_objects as go

from prosepolish_core.model.whatif import CurvePoint

from .figure_builder import Draft
from .theme import GOOD, PALETTE, QUIET, lay_out, room

#: Share of the axis between two labels.
LEAST = 0.13


class Pin(NamedTuple):
    """A place on the curve with its name, and what the axis calls it."""

    name: str
    at: float
    hit: float
    label: str = ""


def curve(points: Sequence[CurvePoint], labels: Sequence[str], pins: Sequence[Pin]) -> go.Figure:
    """`labels` name the places of the points on the axis, whose steps are doublings; a pin may lie elsewhere."""
    figure = Draft()
    pins = [_merged(list(same)) for _, same in groupby(sorted(pins, key=_place), _place)]
    named = dict(zip((point.at for point in points), labels, strict=True))
    named |= {pin.at: pin.label for pin in pins if pin.label and pin.at not in named}
    figure.add_scatter(
        x=[point.at for point in points],
        y=[point.hit * 100 for point in points],
        customdata=[f"${point.usd:.2f}" if point.usd == point.usd else "–" for point in points],
        mode="lines+markers",
        line={"color": PALETTE[0], "width": 2},
        hovertemplate="%{y:.1f} %, %{customdata} a month for the LLM<extra></extra>",
    )
    for pin in pins:
        figure.add_scatter(
            x=[pin.at],
            y=[pin.hit * 100],
            mode="markers+text",
            text=[pin.name],
            textposition="bottom center",
            marker={"color": GOOD if "then" in pin.name else QUIET, "size": 11},
            hovertemplate=f"{pin.name}: %{{y:.1f}} %<extra></extra>",
        )
    lay_out(figure, left=room(["100 %"]), height=260, legend=False)
    ticks = apart(sorted(named))
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[named[at] for at in ticks], tickangle=0)
    figure.update_yaxes(rangemode="tozero", ticksuffix=" %")
    return figure.done()


def apart(places: Sequence[float]) -> list[float]:
    """Those places of a logarithmic axis that leave room for their labels; the last one always does."""
    if len(places) < 2:
        return list(places)
    least, kept = LEAST * log(places[-1] / places[0]), [places[-1]]
    for place in reversed(places[:-1]):
        if log(kept[-1] / place) >= least:
            kept.append(place)
    return kept[::-1]


def _place(pin: Pin) -> tuple[float, float]:
    return pin.at, pin.hit


def _merged(same: Sequence[Pin]) -> Pin:
    """Pins of one place are one, so that no name covers another."""
    return Pin(" · ".join(pin.name for pin in same), *_place(same[0]), max(pin.label for pin in same))
