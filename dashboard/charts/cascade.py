"""How 100 lookups fall through the four tiers: what each answers, and what it passes on."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.views.cascade import Fall

from .figure_builder import Draft
from .theme import BAD, QUIET, colour_of, faded, lay_out, room


def cascade(falls: Sequence[Fall]) -> go.Figure:
    """One bar per tier, cheapest on top: solid what it answered, pale what it passed on, hatched where it failed."""
    figure = Draft()
    labels = [fall.label for fall in falls]
    colours = [colour_of(fall.tier) for fall in falls]
    figure.add_bar(
        y=labels,
        x=[fall.answered for fall in falls],
        orientation="h",
        name="answered here",
        marker={"color": colours, "line": {"width": 0}},
        hovertemplate="%{y}: %{x:.1f} of 100 answered here<extra></extra>",
    )
    figure.add_bar(
        y=labels,
        x=[max(0.0, fall.reached - fall.answered - fall.failed) for fall in falls],
        orientation="h",
        name="passed on",
        marker={"color": [faded(c, 0.22) for c in colours], "line": {"width": 0}},
        hovertemplate="%{y}: %{x:.1f} of 100 passed on<extra></extra>",
    )
    if any(fall.failed for fall in falls):
        figure.add_bar(
            y=labels,
            x=[fall.failed for fall in falls],
            orientation="h",
            name="failed here",
            marker={"color": BAD, "pattern": {"shape": "/"}, "line": {"width": 0}},
            hovertemplate="%{y}: %{x:.1f} of 100 failed here<extra></extra>",
        )
    for fall in falls:
        figure.add_annotation(
            x=0,
            y=fall.label,
            text=fall.note,
            showarrow=False,
            xanchor="left",
            yshift=22,
            font={"size": 12, "color": QUIET},
        )
    lay_out(figure, left=room(labels), height=66 * len(falls) + 40, legend=False)
    figure.update_layout(barmode="stack", hovermode="closest", bargap=0.6)
    figure.update_xaxes(range=[0, 102], tickvals=[0, 25, 50, 75, 100], ticksuffix="", showgrid=True)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", dtick=1)
    return figure.done()
