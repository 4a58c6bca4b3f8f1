"""The seed formula with editable assumptions: they live in the URL, so a link carries them.

The defaults are the project's own; one click fills them from what was measured.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import streamlit as st

from prosepolish_core.calc import numbers
from prosepolish_core.calc.estimate_texts import texts
from prosepolish_core.calc.savings import Assumptions, Estimate, estimate
from prosepolish_core.errors import InvalidInput, StoreUnavailable

from .foreign_text import plain
from .tiles import Tile, tiles

SEED = Assumptions()


class AssumptionField(NamedTuple):
    """One input: the assumption it sets, its label, most, step and format.

    `scale` is what one unit on screen is worth.
    """

    name: str
    label: str
    most: float
    step: float
    shown: str
    scale: Decimal = Decimal(1)


FIELDS = (
    AssumptionField("corrections_per_day", "Corrections a day", 1e7, 100, "%.0f"),
    AssumptionField("correction_hit_ratio", "Corrections found (%)", 100, 5, "%.1f", Decimal("0.01")),
    AssumptionField("usd_per_call", "Price of a call ($)", 10, 0.0001, "%.6f"),
    AssumptionField("cache_usd_per_month", "Price of the cache ($ a month)", 1e6, 1, "%.2f"),
    AssumptionField("lookups_per_day", "Lookups a day", 1e9, 500, "%.0f"),
    AssumptionField("lookup_hit_ratio", "Lookups found (%)", 100, 5, "%.1f", Decimal("0.01")),
    AssumptionField("bytes_per_lookup", "Size of an answer (bytes)", 1e7, 100, "%.0f"),
    AssumptionField("seconds_per_call", "Time of a call (s)", 600, 0.1, "%.1f"),
)
WHOLE = {"corrections_per_day", "lookups_per_day", "bytes_per_lookup"}
#: Where it is kept what the link said that cannot be, and why nothing could be filled in.
REFUSED, NOT_FILLED = "refused assumptions", "assumptions not filled"
#: Gives the measured assumptions; raises InvalidInput or StoreUnavailable with the reason why there are none.
Fill = Callable[[], Assumptions]


def panel(fill: Fill | None = None) -> None:
    """Inputs on top, what they come to below, and the formula in words."""
    refused = _read_link()
    with st.container(border=True):
        with st.container(horizontal=True):
            if fill:
                st.button("Fill from the last 30 days", icon=":material/history:", on_click=_fill, args=(fill,))
            st.button("As the project assumes", icon=":material/undo:", on_click=_put, args=(SEED,))
        if why := st.session_state.get(NOT_FILLED):
            st.warning(f"Nothing was filled in: {plain(why)}.", icon=":material/hourglass_empty:")
        with st.grid(4, min_column_width=180):
            given = {field.name: _input(field) for field in FIELDS}
    for field in FIELDS:
        if field.name in refused:
            _refuse(field, refused[field.name])
    try:
        chosen = Assumptions(**given)  # type: ignore[arg-type]  # the table names the fields
    except InvalidInput as error:
        st.error(f"These assumptions cannot be used: {plain(str(error))}.", icon=":material/error:")
        return
    shown = estimate(chosen)
    _results(shown)
    _words(chosen, shown)


def _read_link() -> dict[str, str]:
    """What the link says that no assumption can be. Streamlit itself forgets it and shows the usual value, silently."""
    refused: dict[str, str] = st.session_state.setdefault(REFUSED, {})
    for field in FIELDS:
        text = st.query_params.get(field.name)
        if text is not None and not _possible(text, field):
            refused[field.name] = text
    return refused


def _possible(text: str, field: AssumptionField) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and 0 <= number <= Decimal(repr(field.most))


def _refuse(field: AssumptionField, text: str) -> None:
    usual = f"{float(Decimal(getattr(SEED, field.name)) / field.scale):g}"
    said = f"“{plain(text[:40])}” for “{field.label.replace('$', chr(92) + '$')}”"
    most = f"{field.most:,.0f}".replace(",", numbers.THIN)
    st.warning(f"The link's {said} is no number from 0 to {most}. Shown is the usual {usual}.", icon=":material/link_off:")


def _put(given: Assumptions) -> None:
    """These values into the inputs, and so into the link."""
    st.session_state.pop(NOT_FILLED, None)
    st.session_state[REFUSED] = {}
    for field in FIELDS:
        st.session_state[field.name] = float(Decimal(getattr(given, field.name)) / field.scale)


def _fill(fill: Fill) -> None:
    try:
        _put(fill())
    except (InvalidInput, StoreUnavailable) as error:
        st.session_state[NOT_FILLED] = str(error)


def _forget(name: str) -> None:
    """Somebody typed a value of their own."""
    st.session_state[REFUSED].pop(name, None)


def _input(field: AssumptionField) -> Decimal | int:
    """The decimal somebody typed, not the nearest double; held to its range again, as a browser's word is no proof."""
    default = float(Decimal(getattr(SEED, field.name)) / field.scale)
    typed = st.number_input(
        field.label, 0.0, float(field.most), default, float(field.step), field.shown, key=field.name, bind="query-params",
        on_change=_forget, args=(field.name,),
    )  # fmt: skip
    value = min(max(Decimal(repr(float(typed))), Decimal(0)), Decimal(repr(field.most))) * field.scale
    return int(value) if field.name in WHOLE else value


def _results(shown: Estimate) -> None:
    told = texts(shown)
    row = [
        Tile("Calls not made", told.calls, "a month"),
        Tile("Savings", told.usd_per_month, f"a month · {told.usd_per_year} a year"),
        Tile("Net of the cache", told.net_usd_per_month, "a month"),
        Tile("Requests not made", told.requests, "lookups a month"),
        Tile("Traffic not caused", told.traffic, "a month", "Megabytes of 1,000,000 bytes, as bandwidth is sold."),
        Tile("Waiting spared", told.waiting, "a month"),
    ]
    tiles(row, columns=3)


def _words(given: Assumptions, shown: Estimate) -> None:
    text = (
        f"{numbers.count(given.corrections_per_day)} corrections a day × {given.days_per_month} days × "
        f"{float(given.correction_hit_ratio) * 100:.4g} % hits = {texts(shown).calls} calls × "
        f"${given.usd_per_call.normalize() or 0:f} = {numbers.usd(shown.usd_per_month)} a month and "
        f"{numbers.usd(shown.usd_per_year)} a year. An estimate from assumptions, not a measurement; "
        "the same as `prosepolish estimate`."
    )
    st.caption(text.replace("$", r"\$"))
