"""One lookup of a visitor: within the limit, by who may, explained whether or not a tier could answer."""

import streamlit as st

from dashboard import runtime
from dashboard.components.actions import PageAction, allowed
from dashboard.views.playground import Explained, of_lookup, of_trace
from prosepolish_core.errors import LookupUnavailable
from prosepolish_core.model.lookup import Lookup
from prosepolish_core.model.outcome import Trace
from prosepolish_core.model.provenance import Provenance, acting_as

from .visitor import visitor


def may_look(word: str) -> bool:
    """Whether this visitor may look it up now; tells them when not."""
    decision = runtime.core().limiter.check_named("lookup", visitor())
    if not decision.allowed:
        st.warning(f"That was fast. Try again in {decision.retry_after_s:.1f} s.", icon=":material/hourglass_top:")
        return False
    return allowed(PageAction.LOOK_UP, word)


def looked_up(word: str) -> tuple[Explained, Lookup | None]:
    """The call explained, and its answer: None where no tier could give one. Ask `may_look` first.

    Raises InvalidInput.
    """
    try:
        with acting_as(Provenance.PLAYGROUND):
            found = runtime.core().dictionary.lookup(word)
    except LookupUnavailable as error:
        steps: Trace = error.trace  # type: ignore[assignment]  # the core raises it with its own trace
        return of_trace(steps), None
    return of_lookup(found), found
