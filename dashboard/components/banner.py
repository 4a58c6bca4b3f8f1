"""Banners: which upstreams are stand-ins and which servers embedded, and what to do when the store is down."""

from datetime import datetime

import streamlit as st

from dashboard.views.names import tier_label
from prosepolish_core import Config
from prosepolish_core.errors import StoreUnavailable

from .foreign_text import plain


def provenance(config: Config) -> None:
    """Name each stand-in and embedded server, so that nobody takes a demonstration for production."""
    stand_ins, embedded = ([tier_label(name) for name in names] for names in (config.stand_in_names(), config.embedded_names()))
    if not (stand_ins or embedded):
        return
    parts = []
    if stand_ins:
        parts.append(f"**Stand-ins in use:** {', '.join(stand_ins)}. Answers cost nothing; times, tokens, prices are realistic.")
    if embedded:
        parts.append(f"**Embedded:** {', '.join(embedded)}.")
    st.info("  ".join(parts), icon=":material/science:")


def store_down(error: StoreUnavailable, known_at: datetime | None) -> None:
    """The store does not answer: say why, what that means for this page, and how to bring it back."""
    shown = (
        f"Shown is what was read at {known_at:%H:%M:%S} UTC."
        if known_at
        else "This page has nothing to show until it answers: every number it shows is kept there."
    )
    st.error(
        f"**The store does not answer:** {plain(str(error))}. {shown} Lookups go on, and counts wait in memory. "
        "`prosepolish check` says what is amiss; the page recovers by itself.",
        icon=":material/cloud_off:",
    )
