"""Lines and bars over time: gaps stay visible, marks are vertical lines, every trace is within its point budget."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from prosepolish_core.calc.downsample import thin
from prosepolish_core.model.series import Instants, Mark, Numbers
from prosepolish_core.model.window import Window

from .figure_builder import Draft
from .marks import draw as draw_marks
from .scales import DECADES, Scale, scale
from .theme import BELOW_DATES, MOST_POINTS, faded, lay_out, room

#: Thinned a little further than allowed, as every gap adds a point.
THIN_TO = MOST_POINTS - 200


#: Below this many things an axis counts them one by one.
FEW = 5
#: Share of the axis that may lie before the first sample.
MOST_EMPTY = 0.3


#: A logarithmic axis shows times in seconds and names its decades itself.
SECONDS = Scale(1.0, "")


class ChartLine(NamedTuple):
    """One trace. `low` and `high` draw a band around it; `dash` marks a limit or a server's own number."""

    name: str
    ts: Instants
    values: Numbers
    colour: str
    dash: Literal["solid", "dash", "dot"] = "solid"
    fill: bool = False
    low: Numbers | None = None
    high: Numbers | None = None


def lines(
    series: Sequence[ChartLine],
    *,
    unit: str,
    window: Window,
    marks: Sequence[Mark] = (),
    height: int = 260,
    floor: float | None = 0.0,
    ceiling: float | None = None,
    log: bool = False,
) -> go.Figure:
    """Series over the window. `floor` and `ceiling` pin the axis, in base units; `log` is for times."""
    shown = SECONDS if log else scale(unit, _largest(series))
    figure = Draft()
    for line in series:
        ts, values = _thinned(line)
        if line.low is not None and line.high is not None:
            _band(figure, line, shown)
        figure.add_scatter(
            x=ts,
            y=values / shown.divisor,
            name=line.name,
            mode="lines+markers" if np.isfinite(line.values).sum() < 3 else "lines",
            line={"color": line.colour, "width": 2 if line.dash == "solid" else 1.5, "dash": line.dash},
            fill="tozeroy" if line.fill else None,
            fillcolor=faded(line.colour, 0.15),
            connectgaps=False,
            hovertemplate="%{y:.3~s}s" if log else f"{shown.prefix}%{{y:.4~g}}{shown.suffix}",
        )
    left = room(DECADES.values() if log else [shown.longest(ceiling or _largest(series))])
    revision = f"{unit}{window.seconds:.0f}"
    lay_out(figure, left=left, height=height, revision=revision, legend=len(series) > 1, below=BELOW_DATES)
    start = _from(series, window)
    _axes(figure, start, window, shown, floor, ceiling, log)
    draw_marks(figure, marks, start, window.end)
    return figure.done()


def bars(
    series: Sequence[ChartLine],
    *,
    unit: str,
    window: Window,
    marks: Sequence[Mark] = (),
    height: int = 240,
    stacked: bool = True,
    width_s: float = 0.0,
) -> go.Figure:
    """Amounts per bucket, stacked or side by side. With the buckets' width each bar covers its own, a lone one too."""
    shown = scale(unit, _largest(series))
    figure = Draft()
    for line in series:
        figure.add_bar(
            x=line.ts[-MOST_POINTS:],
            y=line.values[-MOST_POINTS:] / shown.divisor,
            name=line.name,
            marker={"color": line.colour, "line": {"width": 0}},
            hovertemplate=f"{shown.prefix}%{{y:.4~g}}{shown.suffix}",
            **({"width": width_s * 1000, "offset": 0} if width_s else {}),
        )
    left = room([shown.longest(_largest(series))])
    revision = f"bars{unit}{window.seconds:.0f}"
    lay_out(figure, left=left, height=height, revision=revision, legend=len(series) > 1, below=BELOW_DATES)
    figure.update_layout(barmode="stack" if stacked else "group")
    start = _from(series, window)
    _axes(figure, start, window, shown, 0.0, None, log=False)
    if width_s and any(len(line.ts) for line in series):  # no bar is cut at an edge
        first, last = (pick(line.ts for line in series if len(line.ts)) for pick in (_first, _last))
        figure.update_xaxes(range=[min(first, start.replace(tzinfo=None)), last + timedelta(seconds=width_s)])
    if unit == "1" and _largest(series) < FEW:
        figure.update_yaxes(dtick=1, range=[0, FEW])
    draw_marks(figure, marks, start, window.end)
    return figure.done()


def _thinned(line: ChartLine) -> tuple[Instants, Numbers]:
    """What a browser gets: within the budget, peaks kept, an empty point in every gap.

    A limit that never moved has two ends.
    """
    ts, values = thin(line.ts, line.values, THIN_TO)
    if line.dash != "solid" and len(values) > 1 and np.ptp(values) == 0:
        return ts[[0, -1]], values[[0, -1]]
    return ts[:MOST_POINTS], values[:MOST_POINTS]


def _band(figure: Draft, line: ChartLine, shown: Scale) -> None:
    """The interval around a line, one polygon for each unbroken run of two or more points."""
    assert line.low is not None  # noqa: S101 - the caller asked
    assert line.high is not None  # noqa: S101
    known = np.isfinite(line.low) & np.isfinite(line.high)
    runs = np.split(np.flatnonzero(known), np.flatnonzero(np.diff(np.flatnonzero(known)) > 1) + 1)
    polygons = [run[-MOST_POINTS // 3 :] for run in runs if len(run) > 1]
    if not polygons:
        return
    gap_x, gap_y = np.array([np.datetime64("NaT", "ms")]), np.array([np.nan])
    x = [part for run in polygons for part in (line.ts[run], line.ts[run][::-1], gap_x)]
    y = [part for run in polygons for part in (line.high[run], line.low[run][::-1], gap_y)]
    figure.add_scatter(
        x=np.concatenate(x),
        y=np.concatenate(y) / shown.divisor,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=faded(line.colour, 0.16),
        showlegend=False,
        hoverinfo="skip",
    )


def _first(several: Iterable[Instants]) -> datetime:
    return _plain(min(ts.min() for ts in several))


def _last(several: Iterable[Instants]) -> datetime:
    return _plain(max(ts.max() for ts in several))


def _plain(instant: np.datetime64) -> datetime:
    plain: datetime = instant.astype("datetime64[ms]").item()
    return plain


def _largest(series: Sequence[ChartLine]) -> float:
    every: npt.NDArray[np.float64] = np.concatenate([line.values for line in series]) if series else np.array([])
    every = every[np.isfinite(every)]
    return float(every.max()) if every.size else 0.0


def _from(series: Sequence[ChartLine], window: Window) -> datetime:
    """Where the axis begins: with the window, or, where nearly all of it lies before the first sample,
    shortly before that.

    The trust line says how little of the window is covered; an empty axis would not say it better.
    """
    known = [line.ts[np.isfinite(line.values)] for line in series]
    firsts = [ts.min().astype("datetime64[ms]").item().replace(tzinfo=UTC) for ts in known if len(ts)]
    if not firsts or min(firsts) - window.start < (window.end - window.start) * MOST_EMPTY:
        return window.start
    first: datetime = min(firsts)
    return max(window.start, first - (window.end - first) * 0.05)


def _axes(
    figure: Draft, start: datetime, window: Window, shown: Scale, floor: float | None, ceiling: float | None, log: bool
) -> None:
    figure.update_xaxes(type="date", nticks=7, range=[start.replace(tzinfo=None), window.end.replace(tzinfo=None)])
    if log:
        figure.update_yaxes(type="log", tickvals=list(DECADES), ticktext=list(DECADES.values()))
        return
    figure.update_yaxes(ticksuffix=shown.suffix, tickprefix=shown.prefix, rangemode="tozero", nticks=6)
    if floor is not None and ceiling is not None:
        figure.update_yaxes(range=[floor / shown.divisor, ceiling / shown.divisor])
