"""Break an upstream of the demo by a button, watch the chain degrade, mend it and watch it recover."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from dashboard import runtime
from dashboard.components.actions import PageAction, allowed
from dashboard.components.foreign_text import plain
from dashboard.components.status_line import EVERY_S
from dashboard.components.verdicts import dependency_list
from dashboard.views import health
from dashboard.views.names import tier_label
from prosepolish_core.drivers.http_bounded import UpstreamFault

from . import explained_call, standin_script
from .looking_up import looked_up, may_look

PANEL = "break"
#: Asked afresh each time, so that the upstreams are asked and not the caches.
WORD = "zephyr"


class Breakage(NamedTuple):
    """One button: what it says, what the stand-in is told, what is then so, and its icon."""

    label: str
    fault: Mapping[str, Any]
    told: str
    icon: str


BREAKAGES = (
    Breakage("Slow", {"kind": "slow", "delay_s": 5.0}, "answers 5 s late", ":material/hourglass_top:"),
    Breakage("Failing", {"kind": "status", "status": 503}, "fails with status 503", ":material/cloud_off:"),
    Breakage("Refusing", {"kind": "status", "status": 429}, "refuses with status 429", ":material/block:"),
)


def panel() -> None:
    """A row of buttons for each stand-in, how each dependency stands, and a lookup that has to ask them."""
    st.caption("These break the demo's stand-ins for everybody who looks at it, its traffic included, until they are mended.")
    try:
        script = standin_script.now()
    except UpstreamFault:
        st.error("The stand-ins do not answer: `prosepolish up` starts them again by itself.", icon=":material/cloud_off:")
        return
    for upstream in runtime.core().config.stand_in_names():
        _row(upstream, script.get(upstream, ()))
    st.fragment(_standing, run_every=EVERY_S)()
    if st.button(f"Look “{WORD}” up afresh", type="primary", icon=":material/search:", key="break-look"):
        _look()
    st.caption("It is invalidated first, so that the call has to go down to the upstreams.")
    if shown := st.session_state.get("break shown"):
        explained_call.show(shown, PANEL)
    explained_call.before(PANEL)


def _row(upstream: str, faults: Sequence[Mapping[str, Any]]) -> None:
    now = " and ".join(map(_told, faults))
    state = f":orange-badge[:material/warning: {plain(now)}]" if now else ":green-badge[:material/check_circle: works]"
    st.markdown(f"**{tier_label(upstream)}** {state}")
    with st.container(horizontal=True):
        for breakage in BREAKAGES:
            _button(breakage.label, breakage.icon, upstream, partial(standin_script.replace, upstream, breakage.fault))
        _button("Mend", ":material/healing:", upstream, partial(standin_script.mend, upstream), off=not now)


def _button(label: str, icon: str, upstream: str, act: Callable[[], object], *, off: bool = False) -> None:
    st.button(label, icon=icon, on_click=_try, args=(upstream, label, act), key=f"{label}-{upstream}", disabled=off)


def _try(upstream: str, label: str, act: Callable[[], object]) -> None:
    if not allowed(PageAction.BREAK, f"{upstream}: {label}"):
        return
    try:
        act()
    except UpstreamFault:
        st.session_state.pop("break shown", None)  # the page then says that the stand-ins do not answer


def _told(fault: Mapping[str, Any]) -> str:
    """A scripted fault in words; one that no button made by its name."""
    known = (b.told for b in BREAKAGES if all(fault.get(name) == value for name, value in b.fault.items()))
    return next(known, str(fault.get("kind")))


def _standing() -> None:
    dependency_list(health.build(runtime.core()))


def _look() -> None:
    if not (may_look(WORD) and allowed(PageAction.INVALIDATE, WORD)):
        return
    runtime.core().dictionary.invalidate(WORD)
    explained, _ = looked_up(WORD)
    explained_call.remember(PANEL, WORD, explained)
    st.session_state["break shown"] = explained
