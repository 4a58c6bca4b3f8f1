"""The audit table: the newest actions, and what was refused."""

from collections.abc import Sequence

import streamlit as st

from dashboard.components import empty, table
from prosepolish_core.calc import numbers
from prosepolish_core.watch.audit import SHOWN, AuditRow


def draw(rows: Sequence[AuditRow]) -> None:
    """All of it, newest first."""
    if not rows:
        why = "Each action on the playground, on an incident and on the command line leaves a row."
        empty.empty("Nobody did anything yet.", why, "prosepolish clear dict")
        return
    refused = sum(row.outcome == "refused" for row in rows)
    st.markdown(f"The newest {numbers.count(len(rows))} actions, {numbers.count(refused)} of them refused. Rows cannot be changed.")
    table.show(
        [
            {
                "when (UTC)": f"{row.at:%Y-%m-%d %H:%M:%S}",
                "who": row.actor,
                "role": row.role,
                "action": row.action,
                "about": row.subject or "–",
                "outcome": row.outcome,
            }
            for row in rows
        ],
        key="audit",
        alt="Who did what, when, and whether it was allowed",
    )
    if len(rows) == SHOWN:
        st.caption("Older rows are in the table `audit` of PostgreSQL.")
