from datetime import UTC, datetime

import streamlit as st

from dashboard import runtime
from dashboard.components import assumptions
from dashboard.components.counted import counted
from dashboard.components.live import live
from dashboard.components.month import month_buttons, zone_control
from dashboard.sections import ledger_rows, outlook, savings_report
from dashboard.sections import savings as section
from dashboard.views import savings
from dashboard.views.outlook import OutlookView
from dashboard.views.outlook import assumptions as measured
from prosepolish_core.model.calendar_month import zone_named
from prosepolish_core.model.window import Window

chosen = counted()
with st.container(horizontal=True, vertical_alignment="bottom"):
    zone = zone_control()
    month_buttons(zone_named(zone))
    savings_report.button(chosen, zone)
name = " ".join([*sorted(chosen), zone])


def _savings(window: Window) -> savings.SavingsView:
    price = runtime.core().config.cache_usd
    return savings.build(runtime.samples(), runtime.telemetry(), window, counted=chosen, cache_usd_per_month=price)


def _outlook(window: Window) -> OutlookView:
    return outlook.read(runtime.generation(), chosen, window.end.replace(second=0, microsecond=0), zone)


live(f"outlook {name}", _outlook, outlook.draw)
st.subheader("What did it save, by the ledger?", anchor=False)
live(f"savings {name}", _savings, section.draw)
ledger_rows.draw(chosen)
st.subheader("What would it save, by assumption?", anchor=False)
assumptions.panel(lambda: measured(runtime.telemetry(), datetime.now(UTC), counted=chosen))
