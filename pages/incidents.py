import streamlit as st

from dashboard import runtime
from dashboard.components.live import live
from dashboard.sections import incident as one
from dashboard.sections import incidents as many
from dashboard.views import incident, incidents

if name := st.query_params.get(many.PARAMETER, ""):
    written = st.session_state.get("notes written", 0)
    live(f"incident {name} {written}", lambda _window: incident.build(runtime.core(), name), one.draw)
    one.form(name)
else:
    live("incidents", lambda _window: incidents.build(runtime.core()), many.draw)
