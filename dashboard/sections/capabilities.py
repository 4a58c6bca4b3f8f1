"""What a server does not let us read, why, and when it is tried again."""

from collections.abc import Sequence

import streamlit as st

from dashboard.components import table
from dashboard.views.capabilities import Lacking
from prosepolish_core.calc import numbers


def draw(found: Sequence[Lacking]) -> None:
    """One row a refused command."""
    st.subheader("What does a server not let us read?", anchor=False)
    if not found:
        st.caption("Every command we ask for is answered.")
        return
    table.show(
        [
            {
                "server": lacking.target,
                "command": lacking.command.replace("|", " ").upper(),
                "why": lacking.reason,
                "tried again in": numbers.age(lacking.retry_s),
            }
            for lacking in found
        ],
        key="lacking-table",
        alt="Commands a server refuses, why, and when each is tried again",
    )
