"""How long the servers themselves take: per command from their own histograms, and the calls they logged."""

from math import isnan

import streamlit as st

from dashboard.components import table
from dashboard.components.foreign_text import plain
from dashboard.views.commands import Commands
from dashboard.views.names import family_label
from prosepolish_core.calc import numbers
from prosepolish_core.calc.quantiles import Quantile


def draw(found: Commands) -> None:
    """One row a command and server, then error replies and the logged calls."""
    if not found.rows:
        return
    st.subheader("How long does the server itself take?", anchor=False)
    st.caption(
        "Per command, within the server: no network, no waiting. The histograms' growth over the window: old calls do not count; "
        "a percentile lies between the two bounds beside it. Our own calls are left out; only the percentiles hold them too."
    )
    table.show(
        [
            {
                "server": row.source,
                "command": row.command.replace("|", " ").upper(),
                "calls": numbers.count(row.calls),
                "time in all": numbers.duration(row.total_s),
                "mean": numbers.duration(row.mean_s),
                "p50": numbers.duration(row.p50.value),
                "p99": numbers.duration(row.p99.value),
                "p99 lies between": between(row.p99),
                "refused or failed": numbers.count(row.failed),
            }
            for row in found.rows
        ],
        key="commands-table",
        alt="Calls, time and percentiles per command, as the servers measured them",
    )
    if found.errors:
        told = ", ".join(f"{plain(e.error)} {numbers.count(e.count)} ({plain(e.source)})" for e in found.errors[:8])
        st.caption(f"Error replies in the window: {told}.")
    _logged(found)


def _logged(found: Commands) -> None:
    st.subheader("Which calls did the servers log?", anchor=False)
    if found.missed:
        st.caption(f"{numbers.count(found.missed)} entries fell out of the servers' logs before they were read.")
    if found.unread:
        unread = plain(", ".join(found.unread))
        st.caption(
            f"The log of {unread} is not read: its entries hold arguments, to which the collectors have no right. "
            "`prosepolish export acl --slow-commands` prints rights with it."
        )
    if not found.slow:
        if not found.unread:
            st.caption("No slow or large command in this window.")
        return
    table.show(
        [
            {
                "at (UTC)": f"{row.at:%Y-%m-%d %H:%M:%S}",
                "server": row.source,
                "command": row.command.replace("|", " ").upper(),
                "arguments": f"{numbers.count(row.arguments)} (never kept)",
                "key family": family_label(row.family) if row.family else numbers.NONE,
                "why": numbers.duration(row.duration_s) if row.log == "slow" else f"{numbers.size(row.size_bytes)}, {row.log}",
                "client": row.client or numbers.NONE,
            }
            for row in found.slow
        ],
        key="slow-table",
        alt="The newest slow and large commands, without their arguments",
    )


def between(quantile: Quantile) -> str:
    """The bucket a percentile lies in."""
    if isnan(quantile.value):
        return numbers.NONE
    high = numbers.duration(quantile.high)
    return f"above {numbers.duration(quantile.low)}" if high == numbers.NONE else f"{numbers.duration(quantile.low)} and {high}"
