"""Banners: which upstreams are stand-ins and which servers embedded, and what to do when the store is down."""

from datetime import datetime

import streamlit as st

from dashboard.views.names import tier_label
from prosepolish_core import Config
from prosepolish_core.errors import StoreUnavailable

from .foreign_text import plain

DEMONSTRATION = (
    "Stand-ins answer in the place of paid or distant services: answers cost nothing; times, tokens and prices are "
    "realistic. Embedded servers were started by `prosepolish up`."
)


def provenance(config: Config) -> None:
    """Name each stand-in and embedded server, so that nobody takes a demonstration for production."""
    stand_ins, embedded = ([tier_label(name) for name in names] for names in (config.stand_in_names(), config.embedded_names()))
    if not (stand_ins or embedded):
        return
    parts = []
    if stand_ins:
        parts.append(f":blue-badge[:material/science: Stand-ins in use: {', '.join(stand_ins)}]")
    if embedded:
        parts.append(f":gray-badge[:material/deployed_code: Embedded: {', '.join(embedded)}]")
    st.markdown(" ".join(parts), help=DEMONSTRATION)


def not_read(error: StoreUnavailable, known_at: datetime | None, *, down: bool) -> None:
    """The page's numbers could not be read: say why, what that means for this page, and how to bring it back.

    `down`: whether PostgreSQL is down for all, or was only too late for this one question.
    """
    shown = (
        f"Shown is what was read at {known_at:%H:%M:%S} UTC."
        if known_at
        else "This page has nothing to show until it answers: every number it shows is kept there."
    )
    if not down:
        st.warning(
            f"**These numbers could not be read in time**, though PostgreSQL answers others: {error}. {shown} "
            "A shorter range is read faster; the page tries again by itself.",
            icon=":material/hourglass_top:",
        )
        return
    st.error(
        f"**The store does not answer:** {plain(str(error))}. {shown} Lookups go on, and counts wait in memory. "
        "`prosepolish check` says what is amiss; the page recovers by itself.",
        icon=":material/cloud_off:",
    )
