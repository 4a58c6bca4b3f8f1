"""Hit rate and bill over a setting: a curve with today's point, the point that is tried, and the knee."""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from prosepolish_core.model.whatif import CurvePoint

from .figure_builder import Draft
from .theme import GOOD, PALETTE, QUIET, lay_out, room


class Pin(NamedTuple):
    """A place on the curve with its name."""

    name: str
    at: float
    hit: float


def curve(points: Sequence[CurvePoint], labels: Sequence[str], pins: Sequence[Pin]) -> go.Figure:
    """`labels` name the places of the points on the axis, whose steps are doublings."""
    figure = Draft()
    figure.add_scatter(
        x=[point.at for point in points],
        y=[point.hit * 100 for point in points],
        customdata=[f"${point.usd:.2f}" if point.usd == point.usd else "–" for point in points],
        mode="lines+markers",
        line={"color": PALETTE[0], "width": 2},
        hovertemplate="%{y:.1f} %, %{customdata} a month for the LLM<extra></extra>",
    )
    for pin, colour in zip(pins, (QUIET, GOOD, PALETTE[2]), strict=False):
        figure.add_scatter(
            x=[pin.at],
            y=[pin.hit * 100],
            mode="markers+text",
            text=[pin.name],
            textposition="bottom center",
            marker={"color": colour, "size": 11},
            hovertemplate=f"{pin.name}: %{{y:.1f}} %<extra></extra>",
        )
    lay_out(figure, left=room(["100 %"]), height=260, legend=False)
    figure.update_xaxes(type="log", tickvals=[point.at for point in points], ticktext=list(labels))
    figure.update_yaxes(rangemode="tozero", ticksuffix=" %")
    return figure.done()
