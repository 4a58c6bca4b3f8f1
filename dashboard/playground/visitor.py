"""Who is playing: a random name per browser session, so that visitors do not share limits or log-ins."""

import secrets

import streamlit as st


def visitor() -> str:
    """This visitor's name, the same for the whole visit."""
    if "visitor" not in st.session_state:
        st.session_state["visitor"] = f"play-{secrets.token_hex(4)}"
    name: str = st.session_state["visitor"]
    return name
