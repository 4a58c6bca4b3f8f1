"""Log in on two devices, rotate, use an old token again, log out everywhere.

Tokens stay on the server; a page shows handles.
"""

from collections.abc import Callable

import streamlit as st

from dashboard import runtime
from dashboard.components import table
from dashboard.components.actions import PageAction, allowed
from prosepolish_core.errors import InvalidInput, SessionUnavailable
from prosepolish_core.model.session import Session

from .visitor import visitor

DEVICES = ("laptop", "phone")
REFUSALS = {
    "reuse": "reuse found: the whole log-in has ended. Verify the new token to see it",
    "refused": "this log-in has ended or expired",
}
ICONS = {"laptop": ":material/laptop_mac:", "phone": ":material/smartphone:"}


def panel() -> None:
    columns = st.columns(len(DEVICES))
    for column, device in zip(columns, DEVICES, strict=True):
        with column.container(border=True):
            st.markdown(f"{ICONS[device]} **{device}**")
            _state(device)
            with st.container(horizontal=True):
                _button("Log in", device, _log_in)
                _button("Verify", device, _verify)
                _button("Rotate", device, _rotate)
                _button("Use the old token", device, _reuse)
                _button("Log out", device, _log_out)
    st.button(
        "Log out everywhere", icon=":material/logout:", on_click=_guarded, args=(_log_out_everywhere, ""), key="out-everywhere"
    )
    _devices()
    st.caption(
        "Redis holds only a keyed hash of a token. Rotating gives a new one; using the old one again looks like theft and ends the "
        "whole log-in. Log-outs are written to PostgreSQL first, so that no failover brings a session back."
    )


def _button(label: str, device: str, action: Callable[[str], None]) -> None:
    st.button(label, on_click=_guarded, args=(action, device), key=f"{label}-{device}")


def _state(device: str) -> None:
    told = st.session_state.get(f"session told {device}")
    st.markdown(told or ":gray[not logged in]")


def _say(device: str, text: str) -> None:
    st.session_state[f"session told {device}"] = text


def _guarded(action: Callable[[str], None], device: str) -> None:
    if not allowed(PageAction.SESSION, device or "everywhere"):
        return
    try:
        action(device)
    except SessionUnavailable as error:  # it says itself whether anything was changed, or may have been
        for one in [device] if device else DEVICES:
            _say(one, f":red[:material/cloud_off: {error}]")
    except InvalidInput as error:
        _say(device, f":orange[{error}]")


def _token(device: str) -> str:
    token: str = st.session_state.get(f"session token {device}", "")
    return token


def _keep(device: str, session: Session) -> None:
    st.session_state[f"session old {device}"] = _token(device)
    st.session_state[f"session token {device}"] = session.token or ""


def _log_in(device: str) -> None:
    session = runtime.core().sessions.create(visitor(), device=device)
    st.session_state[f"session token {device}"] = session.token or ""
    st.session_state.pop(f"session old {device}", None)
    _say(device, f":green[:material/check_circle: logged in] · session `{session.handle[:8]}`")


def _verify(device: str) -> None:
    session = runtime.core().sessions.verify(_token(device))
    source = "PostgreSQL, as Redis could not tell" if session.degraded else "Redis"
    if session:
        _say(device, f":green[:material/check_circle: valid] · session `{session.handle[:8]}` · answered by {source}")
    else:
        _say(device, f":red[:material/block: not valid: {REFUSALS.get(session.reason, session.reason)}]")


def _rotate(device: str) -> None:
    session = runtime.core().sessions.rotate(_token(device))
    if session:
        _keep(device, session)
        _say(device, f":green[:material/autorenew: rotated: a new token] · session `{session.handle[:8]}`")
    else:
        _say(device, f":red[:material/block: not rotated: {REFUSALS.get(session.reason, session.reason)}]")


def _reuse(device: str) -> None:
    old: str = st.session_state.get(f"session old {device}", "")
    if not old:
        _say(device, ":orange[rotate first: then there is an old token to use]")
        return
    session = runtime.core().sessions.rotate(old)
    if session:
        _keep(device, session)
        _say(device, ":orange[:material/help: accepted: the old token was still good]")
    else:
        _say(device, f":red[:material/gpp_bad: {REFUSALS.get(session.reason, session.reason)}]")


def _log_out(device: str) -> None:
    ended = runtime.core().sessions.revoke(_token(device))
    _say(device, f":gray[:material/logout: logged out · sessions ended: {ended.sessions}]")


def _log_out_everywhere(_device: str) -> None:
    ended = runtime.core().sessions.revoke_all(visitor())
    for device in DEVICES:
        _say(device, f":gray[:material/logout: logged out everywhere · sessions ended: {ended.sessions}]")


def _devices() -> None:
    try:
        found = runtime.core().sessions.devices(visitor())
    except SessionUnavailable:
        st.caption(":orange[The list of devices cannot be read just now.]")
        return
    st.markdown("**Live sessions of this visitor**")
    if not found:
        st.caption("None.")
        return
    table.show(
        [{"device": d.device, "session": d.handle[:8], "expires (UTC)": f"{d.expires_at:%F %T}"} for d in found],
        key="devices",
        alt="Live sessions of this visitor",
    )
