"""Colours, fonts and the shared layout of every figure. Text, grid and background follow Streamlit's light or dark theme."""

from prosepolish_core.model.outcome import Tier

from .draft import Draft

#: One colour per tier on every page; at least 3:1 on white and on the dark background.
TIER_COLOURS = {Tier.REDIS: "#3B82F6", Tier.POSTGRES: "#0D9488", Tier.DICTIONARY_API: "#D97706", Tier.GEMINI: "#8B5CF6"}
PALETTE = ("#3B82F6", "#0D9488", "#D97706", "#8B5CF6", "#E11D48", "#64748B", "#0EA5E9", "#65A30D")
GOOD, WARN, BAD, QUIET = "#16A34A", "#D97706", "#E11D48", "#7C8AA0"
#: The largest number of points one trace may carry to a browser.
MOST_POINTS = 1500

MARK_COLOURS = {"deploy": PALETTE[0], "note": QUIET, "gap": QUIET}


def colour_of(name: str, position: int = 0) -> str:
    """The tier's own colour, or one of the palette by position."""
    return TIER_COLOURS[Tier(name)] if name in {t.value for t in Tier} else PALETTE[position % len(PALETTE)]


def faded(colour: str, alpha: float) -> str:
    """The same colour, see-through."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def lay_out(figure: Draft, *, height: int = 260, revision: str = "", legend: bool = True) -> None:
    """The shared layout. A constant `revision` keeps zoom and hidden lines over refreshes."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        uirevision=revision or "constant",
        showlegend=legend,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        hovermode="x unified",
        bargap=0.15,
        dragmode="zoom",
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True, zeroline=False)
