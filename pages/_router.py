"""The script Streamlit runs: navigation, the head that all pages share, then the chosen page."""

import streamlit as st

from dashboard import runtime
from dashboard.components import banner, brand, sign_in, simulated, status_line, window
from pages._registry import PAGES

st.set_page_config(page_title="ProsePolish", page_icon=brand.ICON, layout="wide")
st.logo(brand.LOGO, size="medium", icon_image=brand.ICON)

person = sign_in.require()
open_to = [entry for entry in PAGES if person.may(entry.role)]
scripts = {entry.file: st.Page(entry.file, title=entry.title, icon=entry.icon, help=entry.question) for entry in open_to}
sections = dict.fromkeys(entry.section for entry in open_to)
chosen = st.navigation({section: [scripts[e.file] for e in open_to if e.section == section] for section in sections}, expanded=True)
entry = next(e for e in PAGES if e.title == chosen.title)

status_line.status_line()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title(entry.title, anchor=False, width="content")
    if entry.timed:
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", width="content"):
            window.range_control()
st.markdown(f":gray[{entry.question}]")
banner.provenance(runtime.core().config)
if entry.timed:
    simulated.badge(lambda: window.chosen().window())

sign_in.show(person)
chosen.run()
