import streamlit as st

from dashboard import runtime
from dashboard.components import assumptions
from dashboard.components.live import live
from dashboard.sections import savings as section
from dashboard.views import savings

st.subheader("What did it save, by the ledger?", anchor=False)
live("savings", lambda window: savings.build(runtime.samples(), runtime.telemetry(), window), section.draw)
st.subheader("What would it save, by assumption?", anchor=False)
assumptions.panel()
