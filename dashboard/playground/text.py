"""Have a text corrected, twice, and see what the second time costs."""

import streamlit as st

from dashboard import runtime
from dashboard.components.actions import PageAction, allowed
from dashboard.components.foreign_text import plain
from dashboard.views.playground import Explained, of_correction
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.correction import Correction
from prosepolish_core.model.provenance import Provenance, acting_as

from . import explained_call as told
from .visitor import visitor

PANEL = "text"
LONGEST, SHOWN = 2000, 40
EXAMPLE = "Teh quick brown fox jump over the lazy dog, and then it have slept."


def panel() -> None:
    with st.form("text-form", border=False):
        text = st.text_area("Text", value=EXAMPLE, key="text", height=110)
        asked = st.form_submit_button("Correct", type="primary", icon=":material/spellcheck:", key="correct")
    if asked:
        _correct(text or "")
    shown: tuple[Explained, Correction] | None = st.session_state.get("text shown")
    if not shown:
        st.caption("Correct a text twice: the first call is paid, the second comes from Redis and costs nothing.")
        return
    explained, found = shown
    with st.container(border=True):
        if found.corrected:
            st.caption("Corrected" if found.changed else "Nothing had to be changed")
        else:
            st.caption(f"Shown as it was: no tier could correct it ({plain(found.detail or found.outcome)})")
        st.text(found.text)
    told.show(explained, PANEL)
    tokens = found.tokens
    if tokens.total:
        st.caption(
            f"{tokens.prompt} prompt tokens ({tokens.cached} cached), {tokens.output} output, {tokens.thoughts} thinking tokens, "
            "as billed for the call that made this answer."
        )
    told.before(PANEL)


def _correct(text: str) -> None:
    if len(text) > LONGEST:
        st.warning(f"Not corrected: at most {LONGEST} characters; this text has {len(text)}.", icon=":material/edit:")
        return
    core = runtime.core()
    decision = core.limiter.check_named("llm", visitor())
    if not decision.allowed:
        st.warning(
            f"Ten a minute, no more. Try again in {decision.retry_after_s:.0f} s.",
            icon=":material/hourglass_top:",
        )
        return
    if not allowed(PageAction.CORRECT, f"{len(text)} characters"):  # the text itself is nobody's business
        return
    try:
        with st.spinner("Correcting …"), acting_as(Provenance.PLAYGROUND):
            found = core.corrector.correct(text, user_id=visitor())
    except InvalidInput as error:
        st.warning(f"This text cannot be corrected: {plain(str(error))}.", icon=":material/edit:")
        return
    explained = of_correction(found)
    told.remember(PANEL, text if len(text) <= SHOWN else f"{text[:SHOWN]} …", explained)
    st.session_state["text shown"] = (explained, found)
