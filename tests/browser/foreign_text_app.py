"""A page that shows foreign texts, one a line, as every page does; the texts come in the environment as JSON."""

import json
import os

import streamlit as st

from dashboard.components.foreign_text import plain

for text in json.loads(os.environ["TEXTS"]):
    st.markdown(f":orange[**{plain(text)}**]")
    st.caption(plain(text))
