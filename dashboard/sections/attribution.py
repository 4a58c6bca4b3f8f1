"""Which keys are missed, expire and are evicted: the core's counts beside the servers' key events, per key family."""

import streamlit as st

from dashboard.components import table
from dashboard.components.foreign_text import plain
from dashboard.views.attribution import Attribution, Hearing
from dashboard.views.names import family_label
from prosepolish_core.calc import numbers


def draw(found: Attribution) -> None:
    """One row a key family; below it how well each server was heard."""
    if not found.rows:
        return
    st.subheader("Which keys are missed, expire and are evicted?", anchor=False)
    table.show(
        [
            {
                "key family": family_label(r.family),
                "hits (core)": numbers.count(r.hits),
                "misses (core)": numbers.count(r.misses),
                "hit rate (core)": numbers.percent(r.ratio),
                "misses (server)": numbers.count(r.server_misses),
                "expired": numbers.count(r.expired),
                "evicted": numbers.count(r.evicted),
            }
            for r in found.rows
        ],
        key="families-table",
        alt="Hits and misses of the core beside misses, expirations and evictions told by the servers, per key family",
    )
    if not found.hearing:
        st.caption(
            "Expirations and evictions by family need the servers' key events: set `notify-keyspace-events` to `Exem` on the cache "
            "server. It is off by default because each event costs the server a little."
        )
    for hearing in found.hearing:
        st.caption(told(hearing))


def told(hearing: Hearing) -> str:
    """How well one server was heard, in a sentence."""
    parts = [f"{plain(hearing.source)}: the server's columns are known for {numbers.percent(hearing.known)} of the window"]
    if hearing.sampled:
        parts.append(f"{numbers.percent(hearing.rested)} of it estimated from a sample (too many events to hear them all)")
    if hearing.gaps:
        parts.append(
            f"the connection was lost {numbers.count(hearing.gaps)} time{'s' if hearing.gaps > 1 else ''} (marked as a gap)"
        )
    return "; ".join(parts) + ". The server counts every read that finds nothing: leases, limits and sessions too."
