"""Incidents: what goes on now in full, what is over as a table, and whether people can be told."""

import streamlit as st

from dashboard.components import empty, table
from dashboard.components.foreign_text import plain
from dashboard.components.simulated import MADE_UP
from dashboard.components.verdicts import LOOKS
from dashboard.views.incidents import IncidentList, IncidentRow
from prosepolish_core.calc import numbers
from prosepolish_core.model.incident import ChannelState

PARAMETER = "incident"
#: Of those that are over so many are a click away; the rest are in the table.
MOST_LINKED = 5


def draw(view: IncidentList) -> None:
    """The whole list."""
    _channels(view)
    _silences(view)
    if not view.rows:
        empty.empty(
            "No incident in the last 90 days.",
            "The collectors look at every alert rule each five seconds; the first that fires begins an incident.",
            "prosepolish alerts list --rules",
        )
        return
    st.subheader("What goes on now?", anchor=False)
    if not view.open:
        last = max(view.rows, key=lambda row: row.began)
        st.markdown(f":green[:material/check_circle: **Nothing.**] The last incident began at {last.began:%Y-%m-%d %H:%M} UTC.")
    for row in view.open:
        with st.container(border=True):
            _card(row)
    _over([row for row in view.rows if row.over])


def _card(row: IncidentRow) -> None:
    icon, colour, word = LOOKS[row.level]
    state = f"over after {numbers.said(row.lasted_s, 'seconds')}" if row.over else f"for {numbers.said(row.lasted_s, 'seconds')}"
    taken = f"taken by {plain(row.acknowledged_by)}" if row.acknowledged_by else "taken by nobody"
    st.markdown(
        f":{colour}[{icon} **{word}**]{MADE_UP if row.simulated else ''} · **{plain(row.what)}**  \n"
        f"Since {row.began:%Y-%m-%d %H:%M:%S} UTC, {state}; {taken}.  \n{plain(row.told)}"
    )
    if st.button("Timeline, charts, notes", icon=":material/timeline:", key=f"open-{row.id}"):
        st.query_params[PARAMETER] = row.id
        st.rerun()


def _over(rows: list[IncidentRow]) -> None:
    if not rows:
        return
    st.subheader("What is over?", anchor=False)
    for row in rows[:MOST_LINKED]:
        with st.container(border=True):
            _card(row)
    if len(rows) > MOST_LINKED:
        table.show(
            [
                {
                    "began (UTC)": f"{row.began:%Y-%m-%d %H:%M}",
                    "lasted": numbers.said(row.lasted_s, "seconds"),
                    "level": row.level.value,
                    "what": f"{row.what} (simulated)" if row.simulated else row.what,
                    "effect on users": row.told,
                    "taken by": row.acknowledged_by or "–",
                    "id": row.id,
                }
                for row in rows[MOST_LINKED:]
            ],
            key="incidents-over",
            alt="Incidents that are over: when, how long, what, their effect on users",
        )


def _channels(view: IncidentList) -> None:
    """Nobody looks at a message that did not come: a channel that fails stands above everything else."""
    if not view.told:
        st.info(
            "**Nobody is told of incidents.** Set `PROSEPOLISH_ALERT_URLS` or `PROSEPOLISH_ALERT_WEBHOOK_URL`; "
            "`prosepolish alerts test` tries the channels.",
            icon=":material/notifications_off:",
        )
    for channel in view.channels:
        if channel.failure:
            st.error(_failure(channel), icon=":material/sms_failed:")
        else:
            st.caption(f"{channel.channel} took its newest message at {channel.told_at:%Y-%m-%d %H:%M:%S} UTC.")


def _failure(channel: ChannelState) -> str:
    last = f"It last worked at {channel.told_at:%Y-%m-%d %H:%M:%S} UTC." if channel.told_at else "It has never worked."
    waiting = f"{channel.waiting} message{'s' if channel.waiting != 1 else ''} wait{'' if channel.waiting != 1 else 's'}"
    return (
        f"**{channel.channel} does not take messages:** {plain(channel.failure)}, tried at {channel.failed_at:%H:%M:%S} UTC. "
        f"{last} {waiting} and will be sent again; `prosepolish alerts test` tries it now."
    )


def _silences(view: IncidentList) -> None:
    for one in view.silences:
        about = " about ".join(filter(None, (one.rule or "all rules", one.scope)))
        st.caption(
            f":material/notifications_paused: Silence {one.id}: {plain(about)}, {one.begins:%Y-%m-%d %H:%M} to "
            f"{one.until:%Y-%m-%d %H:%M} UTC, by {plain(one.author)}: {plain(one.reason)}"
        )
