"""Log a user out everywhere: only after the user's name was typed a second time."""

import streamlit as st

from dashboard import runtime
from dashboard.components.actions import PageAction, allowed
from dashboard.components.foreign_text import plain
from prosepolish_core.errors import InvalidInput, SessionUnavailable

USER, AGAIN = "revoke-user", "revoke-again"


def form() -> None:
    """Two fields that have to agree, and one button."""
    with st.expander("Log a user out everywhere", icon=":material/logout:"):
        st.markdown(
            "Ends every session of one user, on all devices, at once. It cannot be undone: the user has to log in again. "
            "Type the name twice."
        )
        with st.form("revoke-all", border=False, enter_to_submit=False, clear_on_submit=True):
            user = st.text_input("User", key=USER, max_chars=256)
            again = st.text_input("The same name again, to confirm", key=AGAIN, max_chars=256)
            asked = st.form_submit_button("End all sessions", icon=":material/logout:", type="primary")
        if asked:
            _end(user, again)


def _end(user: str, again: str) -> None:
    if not user or user != again:
        st.warning("Nothing was done: the two names differ." if user else "Nothing was done: no name was typed.")
        return
    if not allowed(PageAction.REVOKE, "all sessions of a user"):  # who that is, is nobody else's business
        return
    try:
        ended = runtime.core().sessions.revoke_all(user)
    except InvalidInput as error:
        st.warning(f"Nothing was done: {plain(str(error))}.")
    except SessionUnavailable as error:  # it says itself whether anything was changed, or may have been
        st.error(f"{plain(str(error))}.", icon=":material/cloud_off:")
    else:
        late = "" if ended.confirmed else " Redis could not be told; every process learns of it within seconds."
        st.success(f"Sessions of {plain(user)} ended: {ended.sessions}.{late}", icon=":material/check_circle:")
