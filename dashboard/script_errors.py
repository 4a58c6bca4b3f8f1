"""What a visitor sees when a page fails unexpectedly: an error id, never a traceback. The log has the rest."""

import logging
from uuid import uuid4

import streamlit as st

log = logging.getLogger(__name__)


def show_script_error(error: Exception) -> bool:
    """Log the error under a fresh id and show the id. True: Streamlit shows nothing of its own."""
    identifier = uuid4().hex[:8]
    log.error("a page failed, error id %s", identifier, exc_info=error)
    st.error(
        f"This part of the page could not be drawn. The log of the dashboard has the details under error id {identifier}; "
        "reloading the page often helps.",
        icon=":material/error:",
    )
    return True
