"""Colours, fonts and the shared layout of every figure.

Text, grid and background follow Streamlit's light or dark theme.
"""

from collections.abc import Iterable

from prosepolish_core.model.outcome import Tier

from .figure_builder import Draft

#: One colour per tier on every page; at least 3:1 on white and on the dark background.
TIER_COLOURS = {Tier.REDIS: "#3B82F6", Tier.POSTGRES: "#0D9488", Tier.DICTIONARY_API: "#D97706", Tier.GEMINI: "#8B5CF6"}
PALETTE = ("#3B82F6", "#0D9488", "#D97706", "#8B5CF6", "#E11D48", "#64748B", "#0EA5E9", "#65A30D")
GOOD, WARN, BAD, QUIET = "#16A34A", "#D97706", "#E11D48", "#7C8AA0"
#: The largest number of points one trace may carry to a browser.
MOST_POINTS = 1500

MARK_COLOURS = {"deploy": PALETTE[0], "note": QUIET, "gap": QUIET, "flush": BAD}


def colour_of(name: str, position: int = 0) -> str:
    """The tier's own colour, or one of the palette by position."""
    return TIER_COLOURS[Tier(name)] if name in {t.value for t in Tier} else PALETTE[position % len(PALETTE)]


def faded(colour: str, alpha: float) -> str:
    """The same colour, see-through."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


#: Pixels: of a usual letter of a tick label, of the edge around a figure, and of the labels below an axis (dates need
#: two lines).
LETTER, EDGE, BELOW, BELOW_DATES = 6.8, 8, 26, 40


def room(labels: Iterable[str]) -> int:
    """The left margin that these labels need."""
    return round(EDGE + 6 + LETTER * max(map(len, labels), default=4))


def lay_out(figure: Draft, *, left: int, height: int = 260, revision: str = "", legend: bool = True, below: int = BELOW) -> None:
    """The shared layout. A constant `revision` keeps zoom and hidden lines over refreshes.

    Margins are given, never measured: a browser that measures labels draws every figure twice.
    """
    figure.update_layout(
        height=height,
        margin={"l": left, "r": 2 * EDGE, "t": 34 if legend else 12, "b": below},
        uirevision=revision or "constant",
        showlegend=legend,
        legend={"orientation": "h", "y": 1, "yref": "container", "yanchor": "top", "x": 0, "xanchor": "left"},
        hovermode="x unified",
        bargap=0.15,
        dragmode="zoom",
    )
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False, zeroline=False)
