"""Rates with their 95 % interval and target, and percentiles per tier:
one row each, so that they can be compared at a glance.
"""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.views.hit_rate import TierRate
from dashboard.views.latency import Spread
from dashboard.views.names import family_label, tier_label

from .figure_builder import Draft
from .scales import DECADES
from .theme import BAD, GOOD, QUIET, WARN, colour_of, faded, lay_out, room


def rates(rows: Sequence[TierRate]) -> go.Figure:
    """A dot per row with its interval; a diamond shows the target."""
    figure = Draft()
    labels = [f"{tier_label(row.tier)} · {family_label(row.family)}" for row in rows]
    colours = [QUIET if row.good is None else GOOD if row.good else WARN for row in rows]
    figure.add_scatter(
        y=labels,
        x=[row.ratio * 100 for row in rows],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(row.high - row.ratio) * 100 for row in rows],
            "arrayminus": [(row.ratio - row.low) * 100 for row in rows],
            "thickness": 2,
            "width": 5,
            "color": QUIET,
        },
        mode="markers",
        name="measured, with its 95 % interval",
        marker={"size": 12, "color": colours},
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
    )
    held = [(row, label) for row, label in zip(rows, labels, strict=True) if row.target is not None]
    figure.add_scatter(
        y=[label for _, label in held],
        x=[(row.target or 0) * 100 for row, _ in held],
        mode="markers",
        name="target",
        marker={"symbol": "line-ns-open", "size": 20, "color": BAD, "line": {"width": 2}},
        hovertemplate="target %{x:.0f} %<extra></extra>",
    )
    lay_out(figure, left=room(labels), height=46 * len(rows) + 80)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(range=[-2, 102], ticksuffix=" %")
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", dtick=1, categoryorder="array", categoryarray=labels)
    return figure.done()


def spreads(rows: Sequence[Spread]) -> go.Figure:
    """A bar per tier from p50 to p99 on a logarithmic time axis, with p95 between and the budget as a red line."""
    figure = Draft()
    labels = [tier_label(row.tier) for row in rows]
    for row in rows:
        colour = colour_of(row.tier)
        figure.add_scatter(
            y=[tier_label(row.tier)] * 2,
            x=[row.p50, row.p99],
            mode="lines",
            line={"color": faded(colour, 0.35), "width": 12},
            hoverinfo="skip",
            showlegend=False,
        )
    for name, symbol in (("p50", "circle"), ("p95", "square"), ("p99", "diamond")):
        figure.add_scatter(
            y=[tier_label(row.tier) for row in rows],
            x=[getattr(row, name) for row in rows],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 11, "color": [colour_of(row.tier) for row in rows]},
            hovertemplate=f"{name} of %{{y}}: %{{x:.3~s}}s<extra></extra>",
        )
    held = [row for row in rows if row.budget_s]
    figure.add_scatter(
        y=[tier_label(row.tier) for row in held],
        x=[row.budget_s or 0 for row in held],
        mode="markers",
        name="budget for p95",
        marker={"symbol": "line-ns-open", "size": 22, "color": BAD, "line": {"width": 2}},
        hovertemplate="budget %{x:.3~s}s<extra></extra>",
    )
    lay_out(figure, left=room(labels), height=50 * len(rows) + 90)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(type="log", tickvals=list(DECADES), ticktext=list(DECADES.values()))
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", dtick=1, categoryorder="array", categoryarray=labels)
    return figure.done()
