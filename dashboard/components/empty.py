"""An honest empty state: what is missing, why, and which command brings it."""

import streamlit as st


def empty(what: str, why: str, command: str) -> None:
    """Say that `what` is missing and that `command` brings it."""
    with st.container(border=True):
        st.markdown(f"**:material/hourglass_empty: {what}**")
        st.markdown(why)
        st.code(command, language="bash")


def no_samples(what: str = "No samples in this window.") -> None:
    """The collectors have written nothing."""
    empty(what, "The collectors poll Redis and save what they read; none of that lies in this window yet.", "python -m collectors")


def no_lookups(what: str = "No lookups were counted in this window.") -> None:
    """The core has counted nothing."""
    empty(
        what,
        "The core counts every lookup and flushes its counts every few seconds. Choose a longer range or bring traffic.",
        "prosepolish lookup eloquent",
    )
