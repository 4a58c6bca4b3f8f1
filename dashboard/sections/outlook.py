"""This month: what was saved so far, what the month and a year come to, and the project's formula beside it."""

from datetime import datetime

import streamlit as st

from dashboard import runtime
from dashboard.components import table
from dashboard.components.tiles import Tile, tiles
from dashboard.views import outlook
from dashboard.views.outlook import OutlookView
from dashboard.views.outlook_rows import PROJECTED, projected, quantities, reference
from prosepolish_core.calc import numbers
from prosepolish_core.model.calendar_month import zone_named

SO_FAR = "From the first of the month, 00:00 of the chosen time zone. By the price on the day of each call."


@st.cache_data(ttl=60, max_entries=16, show_spinner=False)
def read(generation: int, counted: frozenset[str], now: datetime, zone: str) -> OutlookView:  # noqa: ARG001 - the cache's key
    """Weeks of hours, read once a minute for all visitors. Raises StoreUnavailable."""
    return outlook.build(runtime.telemetry(), now, counted=counted, zone=zone_named(zone))


def draw(view: OutlookView) -> None:
    """Headline numbers, then every quantity in one table, then the formula's assumptions beside what was measured."""
    st.subheader(f"What does {view.month} come to?", anchor=False)
    st.caption(f"Since {view.month.window.start:%Y-%m-%d %H:%M} UTC, the first of the month in {view.month.zone}.")
    avoided, paid = view.row("Avoided"), view.row("Paid")
    money = view.so_far.money
    tiles(
        [
            Tile("Avoided so far", numbers.usd(money.avoided.known_usd), f"{numbers.count(money.avoided.calls)} calls", SO_FAR),
            Tile("Projected month", *projected(avoided.month, "usd"), PROJECTED),
            Tile("Projected year", *projected(avoided.year, "usd"), PROJECTED),
            Tile("Paid so far", numbers.usd(money.paid.known_usd), f"{numbers.count(money.paid.calls)} calls", SO_FAR),
            Tile("Projected bill", *projected(paid.month, "usd"), PROJECTED),
        ],
        least_width=150,
        columns=5,
    )
    st.markdown(
        "**What is it, besides money?** API calls and answers of PostgreSQL are free: they save waiting, quota and bandwidth"
    )
    about = f"What was saved in {view.month} so far, projected, and as the project's formula assumes it"
    table.show(quantities(view), key="outlook-table", alt=about)
    st.markdown("**How far is that from what was assumed?** The project's formula beside the last 30 days")
    table.show(reference(view), key="outlook-reference", alt="The assumptions of the project's formula beside what was measured")
    st.caption(f"Measured over {numbers.age(view.basis.days * 86_400)}, from the ledger and the core's counters.")
