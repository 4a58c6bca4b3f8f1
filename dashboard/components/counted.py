"""Which rows of the ledger a page counts: those of users alone, unless somebody asks for more. It lives in the URL."""

import streamlit as st

from dashboard.views.names import PROVENANCES
from prosepolish_core.calc.ledger_sums import HEADLINE

HELP = (
    "The headline counts what users caused. Stand-ins, the Playground, tests, early refreshes and simulations are marked in the "
    "ledger, and counted only when they are chosen here."
)


def counted() -> frozenset[str]:
    """Draw the choice; a value from outside the table (a hand-made URL) counts as nothing chosen."""
    chosen = st.pills(
        "Count calls by",
        list(PROVENANCES),
        selection_mode="multi",
        default=sorted(HEADLINE),
        format_func=lambda name: PROVENANCES.get(name, name),
        key="counted",
        bind="query-params",
        help=HELP,
    )
    return frozenset(name for name in chosen or () if name in PROVENANCES) or HEADLINE
