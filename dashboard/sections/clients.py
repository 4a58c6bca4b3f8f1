"""Clients and topology: per server who is connected, how many more may come, and which servers belong to it."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.charts.over_time import ChartLine, lines
from dashboard.charts.theme import PALETTE
from dashboard.components import empty, figure, table
from dashboard.components.foreign_text import plain
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.components.verdicts import verdict_list
from dashboard.views.clients import ClientGroup, ClientsView, ServerClients
from dashboard.views.marks import about
from prosepolish_core.calc import numbers
from prosepolish_core.model.health import Level, Verdict

#: What the server's own words for a role mean.
ROLES = {"master": "primary", "slave": "replica"}
HELD_BACK = "Replies that wait in the server for slow readers. A growing one can fill its memory."
TURNED_AWAY = "Connections refused in the window because maxclients was reached."
WELL = {True: "yes", False: "no", None: numbers.NONE}


def draw(view: ClientsView) -> None:
    """The whole page, server after server."""
    trust_line(view.trust)
    if not any(server.course or server.groups for server in view.servers):
        empty.no_samples()
    for server in view.servers:
        source = server.standing.source
        role = ROLES.get(server.role, server.role)
        st.subheader(plain(f"{source} · {role}" if role else source), anchor=False)
        if not server.standing.up:
            reason = f"the newest INFO was not answered: {server.standing.reason}"
            verdict_list([Verdict(f"Server {source}", Level.CRITICAL, reason, "prosepolish check names the setting.")], fold=False)
        _tiles(server)
        st.markdown("**How many are connected?**")
        _course(view, server)
        st.markdown("**Who are they?** By name, user and library")
        _groups(server.groups, source)
        _links(server)


def _tiles(server: ServerClients) -> None:
    known = np.isfinite(server.connected) and server.most > 0
    share = numbers.percent(server.connected / server.most) if known else numbers.NONE
    held = float(np.nansum([group.output for group in server.groups])) if server.groups else None
    tiles(
        [
            Tile("Connected", numbers.count(server.connected), f"{share} of {numbers.count(server.most)}"),
            Tile("Blocked", numbers.count(server.waiting), "wait for data, as they asked"),
            Tile("Turned away", numbers.count(server.turned_away), "in the window", TURNED_AWAY),
            Tile("New", numbers.count(server.opened), "connections in the window"),
            Tile("Held back", numbers.size(held), "for slow readers", HELD_BACK),
        ],
        150,
    )


def _course(view: ClientsView, server: ServerClients) -> None:
    marks = about(view.marks, server.standing.source)
    series = [ChartLine("connected", server.course.ts, server.course.last, PALETTE[0], fill=True)] if server.course else []
    chart = lines(series, unit="1", window=view.window, marks=marks)
    source = server.standing.source
    figure.show(chart, key=f"clients-{source}", alt=f"{source}: {numbers.count(server.connected)} clients connected now")


def _groups(groups: Sequence[ClientGroup], source: str) -> None:
    if not groups:
        st.caption("CLIENT LIST was not read within its last three intervals.")
        return
    table.show(
        [
            {
                "name": group.name,
                "user": group.user,
                "library": group.library,
                "connections": numbers.count(group.count),
                "memory": numbers.size(group.memory),
                "held back": numbers.size(group.output),
                "longest idle": numbers.age(group.idle_s),
            }
            for group in groups
        ],
        key=f"client-groups-{source}",
        alt=f"Clients of {source} by name, user and library",
    )


def _links(server: ServerClients) -> None:
    if server.follows:
        st.caption(f"It copies the primary at {plain(server.follows)}.")
    if not server.links:
        return
    st.markdown("**Which servers belong to it?**")
    table.show(
        [
            {
                "what": link.kind,
                "address or name": link.address,
                "well": WELL[link.well],
                "behind by": numbers.duration(link.lag_s),
                "slots": numbers.count(link.slots),
            }
            for link in server.links
        ],
        key=f"links-{server.standing.source}",
        alt=f"Replicas, watched primaries and cluster nodes that {server.standing.source} knows",
    )
