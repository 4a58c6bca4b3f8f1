"""One call's time, tier by tier: when each was asked and how long it took."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.views.playground import ExplainedStep

from .figure_builder import Draft
from .scales import scale
from .theme import QUIET, colour_of, faded, lay_out, room


def waterfall(steps: Sequence[ExplainedStep]) -> go.Figure:
    """A bar per step from its start to its end; solid where the answer was found."""
    total = max((s.start_s + s.duration_s for s in steps), default=0.0)
    shown = scale("seconds", total)
    labels = [f"{position}. {step.label}" for position, step in enumerate(steps, start=1)]
    figure = Draft()
    figure.add_bar(
        y=labels,
        base=[s.start_s / shown.divisor for s in steps],
        x=[max(s.duration_s, total * 0.004) / shown.divisor for s in steps],
        orientation="h",
        marker={
            "color": [colour_of(s.tier) if s.answered else faded(colour_of(s.tier), 0.4) for s in steps],
            "line": {"width": [1 if s.answered else 0 for s in steps], "color": [colour_of(s.tier) for s in steps]},
        },
        hovertemplate="%{y}<extra></extra>",
    )
    for step, label in zip(steps, labels, strict=True):
        figure.add_annotation(
            x=0,
            y=label,
            text=step.told,
            showarrow=False,
            xanchor="left",
            yshift=21,
            font={"size": 12, "color": QUIET},
        )
    lay_out(figure, left=room(labels), height=64 * len(steps) + 38, legend=False)
    figure.update_layout(hovermode="closest", bargap=0.6)
    figure.update_xaxes(range=[0, max(total, 1e-9) / shown.divisor * 1.02], ticksuffix=shown.suffix, nticks=6)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", dtick=1)
    return figure.done()
