import streamlit as st

from dashboard import runtime
from dashboard.components import assumptions
from dashboard.components.counted import counted
from dashboard.components.live import live
from dashboard.sections import savings as section
from dashboard.views import savings
from prosepolish_core.model.window import Window

st.subheader("What did it save, by the ledger?", anchor=False)
chosen = counted()


def _savings(window: Window) -> savings.SavingsView:
    price = runtime.core().config.cache_usd
    return savings.build(runtime.samples(), runtime.telemetry(), window, counted=chosen, cache_usd_per_month=price)


live(f"savings {' '.join(sorted(chosen))}", _savings, section.draw)
st.subheader("What would it save, by assumption?", anchor=False)
assumptions.panel()
