from collections.abc import Callable

import streamlit as st

from dashboard import runtime
from dashboard.playground import batch, break_a_tier, limits, sessions, text, word

PANELS: dict[str, Callable[[], None]] = {
    "Word": word.panel,
    "Words": batch.panel,
    "Text": text.panel,
    "Limits": limits.panel,
    "Sessions": sessions.panel,
}
if runtime.core().config.faults_url:
    PANELS["Break a tier"] = break_a_tier.panel

chosen = st.segmented_control(
    "Try", list(PANELS), default="Word", required=True, key="try", bind="query-params", label_visibility="collapsed"
)
PANELS.get(chosen, word.panel)()
