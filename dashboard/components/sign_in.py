"""Who is looking: the person whom the provider signed in and the role they have, asked anew at every run.

Without a provider everybody who reaches the dashboard is its owner: it listens on loopback then.
"""

from collections.abc import Mapping
from time import time
from typing import Any, NamedTuple

import streamlit as st

from dashboard import runtime
from prosepolish_core import Config
from prosepolish_core.roles import AccessRole

from .foreign_text import plain

#: Clocks of the provider and of this machine may differ by so much.
SKEW_S = 300
LOCAL = "local"


class Visitor(NamedTuple):
    """Who looks: a name for the audit table, and what they may do; without a role nothing."""

    name: str
    role: AccessRole | None

    def may(self, needed: AccessRole) -> bool:
        """Whether this role includes the one that is needed."""
        return self.role is not None and self.role.rank >= needed.rank


def judge(config: Config, claims: Mapping[str, Any], now: float) -> Visitor | None:
    """The person behind these claims; None: nobody is signed in, or it was too long ago."""
    if not config.signs_in:
        return Visitor(LOCAL, AccessRole.ADMIN)
    issued = claims.get("iat")
    if claims.get("is_logged_in") is not True or not isinstance(issued, int | float):
        return None
    if not -SKEW_S <= now - issued < config.sign_in_s:
        return None
    name = str(claims.get("email") or claims.get("sub") or "?")
    return Visitor(name, config.role_list.role_of(claims, config.roles_claim))


def visitor() -> Visitor | None:
    """Whoever this run is for."""
    config = runtime.core().config
    return judge(config, dict(st.user) if config.signs_in else {}, time())


def may_look() -> bool:
    """Whether this run may read anything at all."""
    found = visitor()
    return found is not None and found.may(AccessRole.VIEWER)


def require() -> Visitor:
    """Whoever may look; for anybody else the run ends here with a button."""
    found = visitor()
    if found is None:
        st.title("ProsePolish", anchor=False)
        over = st.user.get("is_logged_in") is True
        st.markdown("Your sign-in has run out." if over else "Sign in to see how the cache stack is.")
        st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login, key="sign-in")
        st.stop()
    if not found.may(AccessRole.VIEWER):
        st.title("ProsePolish", anchor=False)
        st.markdown(f"You are signed in as {plain(found.name)}, who has no role here. `PROSEPOLISH_ROLES` gives roles.")
        st.button("Sign out", icon=":material/logout:", on_click=st.logout, key="sign-out")
        st.stop()
    return found


def show(found: Visitor) -> None:
    """Who is signed in, and the way out."""
    if not runtime.core().config.signs_in:
        return
    with st.sidebar:
        st.caption(f":material/person: {plain(found.name)}, {found.role}")
        st.button("Sign out", icon=":material/logout:", on_click=st.logout, key="sign-out")
