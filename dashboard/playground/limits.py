"""Hammer a limit, watch it refuse, watch it recover."""

import streamlit as st

from dashboard import runtime
from dashboard.components.actions import PageAction, allowed
from dashboard.components.foreign_text import plain
from dashboard.components.tiles import Tile, tiles
from prosepolish_core.calc import numbers
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.limit import Algorithm, Decision, Limit

from .visitor import visitor

ALGORITHMS = {
    Algorithm.LOG: "exact log: never more than the limit in any window",
    Algorithm.GCRA: "GCRA: smooth, constant size",
    Algorithm.WINDOW: "fixed window: armed by the first call",
}
MOST_CALLS, REMEMBERED = 50, 60


def panel() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        amount = st.number_input("Calls", 0, 1000, 10, 1, key="limit_amount", persist_state="session", width=120)
        per_s = st.number_input("per seconds", 1, 3600, 10, 1, key="limit_window", persist_state="session", width=140)
        how = st.selectbox(
            "Remembered as",
            list(ALGORITHMS),
            format_func=ALGORITHMS.__getitem__,
            key="limit_how",
            persist_state="session",
            width=360,
        )
    try:
        limit = Limit(int(amount), int(per_s), how, name="playground")
    except InvalidInput as error:
        st.warning(f"This limit cannot be used: {plain(str(error))}.", icon=":material/edit:")
        return
    subject = f"playground:{visitor()}"
    with st.container(horizontal=True):
        st.button("One call", icon=":material/touch_app:", on_click=_call, args=(subject, limit, 1), key="call_once")
        st.button(
            "Hammer it: 25 calls", type="primary", icon=":material/bolt:", on_click=_call, args=(subject, limit, 25), key="hammer"
        )
        st.button("Forget", icon=":material/restart_alt:", on_click=_forget, args=(subject, limit), key="limit_reset")
    st.fragment(_watch, run_every=1.0)(subject, limit)
    st.caption("One round trip to Redis a call, all limits tested before any is charged; a refused call is not charged.")


def _call(subject: str, limit: Limit, times: int) -> None:
    if not allowed(PageAction.LIMIT, f"{times} calls"):
        return
    limiter = runtime.core().limiter
    made: list[bool] = st.session_state.get("limit calls", [])
    made = made + [limiter.check(subject, [limit]).allowed for _ in range(min(times, MOST_CALLS))]
    st.session_state["limit calls"] = made[-REMEMBERED:]


def _forget(subject: str, limit: Limit) -> None:
    if not allowed(PageAction.LIMIT, "forget"):
        return
    runtime.core().limiter.reset(subject, [limit])
    st.session_state["limit calls"] = []


def _watch(subject: str, limit: Limit) -> None:
    now: Decision = runtime.core().limiter.peek(subject, [limit])
    wait = "never" if now.never else "now" if now.allowed else f"in {numbers.duration(now.retry_after_s)}"
    tiles(
        [
            Tile("Next call", "allowed" if now.allowed else "refused", f"possible {wait}"),
            Tile("Remaining", numbers.count(now.remaining), f"of {numbers.count(limit.amount)} in {limit.per_s} s"),
            Tile("Whole again", f"{now.reset_at:%H:%M:%S} UTC", "by the server's clock"),
        ]
    )
    if limit.amount:
        st.progress(min(1.0, now.remaining / limit.amount), text="left of the limit")
    if now.degraded:
        st.caption(":orange[:material/warning: Redis cannot be asked: this process counts alone, against its share.]")
    made: list[bool] = st.session_state.get("limit calls", [])
    if made:
        strip = "".join(":green[●]" if allowed else ":red[○]" for allowed in made)
        st.markdown(f"Your calls, oldest first: {strip}  \n{sum(made)} allowed (●), {len(made) - sum(made)} refused (○)")
