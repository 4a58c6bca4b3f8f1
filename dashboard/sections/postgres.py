"""PostgreSQL: is there room for connections, what does it do, and which tables grow or hold dead rows."""

import numpy as np
import streamlit as st

from dashboard.charts.over_time import ChartLine, lines
from dashboard.charts.theme import BAD, PALETTE
from dashboard.components import empty, figure, table
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views.postgres import COMMITS, DEADLOCKS, ROLLBACKS, SPILLED, PostgresView
from prosepolish_core.calc import numbers

CONNECTIONS = "Open connections of every program against max_connections, newest reading. At the limit nobody gets in."
LONGEST = "Age of the oldest open transaction. A long one keeps dead rows from being cleared away."
CACHE = "Blocks found in PostgreSQL's own memory, of all blocks read in the window. The rest came from the system or the disk."
ROLLED_BACK = "Transactions that ended in a rollback, of all in the window."
SPILLED_HELP = "What sorts and joins wrote to disk in the window, as they did not fit into work_mem."


def draw(view: PostgresView) -> None:
    """The whole page."""
    trust_line(view.trust)
    if not view.states and not view.work:
        empty.empty(
            "Nothing is known of PostgreSQL in this window.",
            "The collectors read its statistics as long as DATABASE_URL leads to it and it answers.",
            "python -m collectors",
        )
        return
    _tiles(view)
    with st.grid(2, min_column_width=360):
        with st.container():
            st.markdown("**Who is connected?** Connections by what they do")
            _connections(view)
        with st.container():
            st.markdown("**What does it do?** Transactions a second")
            _work(view)
    _tables(view)
    _replication(view)


def _tiles(view: PostgresView) -> None:
    known = np.isfinite(view.used) and view.most_connections > 0
    share = numbers.percent(view.used / view.most_connections) if known else numbers.NONE
    role = "standby" if view.in_recovery else "primary"
    deadlocks = view.increases.get(DEADLOCKS)
    tiles(
        [
            Tile("Connections", numbers.count(view.used), f"{share} of {numbers.count(view.most_connections)}", CONNECTIONS),
            Tile("Longest transaction", numbers.said(view.longest_s, "seconds"), "open now", LONGEST),
            Tile("Found in memory", numbers.percent(view.cache_hits), "of blocks, in the window", CACHE),
            Tile("Rolled back", numbers.percent(view.rolled_back, 2), "of transactions", ROLLED_BACK),
            Tile("Deadlocks", numbers.count(deadlocks), "in the window"),
            Tile("Written to disk", numbers.size(view.increases.get(SPILLED)), "by sorts and joins", SPILLED_HELP),
            Tile("Database", numbers.size(view.size), f"version {view.version or numbers.NONE}, {role}"),
            Tile("Up for", numbers.age(view.uptime_s), "since it was started"),
        ],
        150,
        columns=4,
    )


def _connections(view: PostgresView) -> None:
    traces = [
        ChartLine(dict(series.key.labels).get("state", ""), series.ts, series.last, PALETTE[i % len(PALETTE)])
        for i, series in enumerate(view.connections)
    ]
    chart = lines(traces, unit="1", window=view.window, marks=view.marks)
    told = ", ".join(f"{state} {numbers.count(count)}" for state, count in view.states.items())
    figure.show(chart, key="postgres-connections", alt=f"Connections by state; now: {told}")


def _work(view: PostgresView) -> None:
    traces = []
    for metric, name, colour in ((COMMITS, "committed", PALETTE[0]), (ROLLBACKS, "rolled back", BAD)):
        if series := view.work.get(metric):
            with np.errstate(divide="ignore", invalid="ignore"):
                traces.append(ChartLine(name, series.ts, series.increase / series.covered_s, colour))
    chart = lines(traces, unit="1", window=view.window, marks=view.marks)
    figure.show(chart, key="postgres-work", alt=f"Transactions a second; {numbers.percent(view.rolled_back, 2)} were rolled back")


def _tables(view: PostgresView) -> None:
    st.subheader("Which tables are big, and which hold dead rows?", anchor=False)
    st.caption("A dead row is one that was changed or deleted and is not cleared away yet; autovacuum does it.")
    table.show(
        [
            {
                "table": row.name,
                "size with indexes": numbers.size(row.size),
                "rows": numbers.count(row.live),
                "dead rows": numbers.count(row.dead),
                "share dead": numbers.percent(row.dead_share),
            }
            for row in view.tables
        ],
        key="postgres-tables",
        alt="Size, rows and dead rows of the biggest tables",
    )


def _replication(view: PostgresView) -> None:
    st.subheader("Who copies it?", anchor=False)
    if not view.standbys and not view.slots:
        st.caption("No standby and no replication slot is known.")
    if view.standbys:
        table.show(
            [
                {
                    "standby": row.name,
                    "streaming": {1.0: "yes", 0.0: "no"}.get(row.streaming, numbers.NONE),
                    "behind": numbers.size(row.lag_bytes),
                    "behind by": numbers.duration(row.lag_s),
                }
                for row in view.standbys
            ],
            key="postgres-standbys",
            alt="Standbys and how far each is behind",
        )
    if view.slots:
        table.show(
            [
                {
                    "slot": row.name,
                    "read by somebody": {1.0: "yes", 0.0: "no"}.get(row.active, numbers.NONE),
                    "log kept for it": numbers.size(row.retained),
                }
                for row in view.slots
            ],
            key="postgres-slots",
            alt="Replication slots and the log each keeps",
        )
