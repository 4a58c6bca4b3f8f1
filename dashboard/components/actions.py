"""What people may do here, and who: each action asks for its role at the moment it is done, and is written down.

With a sign-in an action that cannot be written down is not done; on loopback without one it is, and the log has it.
"""

from enum import Enum

import streamlit as st

from dashboard import runtime
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.roles import AccessRole

from . import sign_in


class PageAction(Enum):
    """Name in the audit table, the role it needs, and how a refusal calls it."""

    LOOK_UP = ("lookup", AccessRole.OPERATOR, "look a word up, which may be a paid call")
    CORRECT = ("correct", AccessRole.OPERATOR, "have a text corrected, which is a paid call")
    INVALIDATE = ("invalidate", AccessRole.OPERATOR, "invalidate a word")
    LIMIT = ("limit", AccessRole.OPERATOR, "use or forget a limit")
    SESSION = ("session", AccessRole.OPERATOR, "log in and out in the playground")
    BREAK = ("break", AccessRole.OPERATOR, "break or mend a stand-in of the demo")
    NOTE = ("note", AccessRole.OPERATOR, "write a note")
    ACKNOWLEDGE = ("acknowledge", AccessRole.OPERATOR, "take an incident")
    SILENCE = ("silence", AccessRole.OPERATOR, "silence alerts")
    PREDICT = ("predict", AccessRole.OPERATOR, "keep a prediction")
    CLEAR = ("clear", AccessRole.ADMIN, "clear a family of keys")
    REVOKE = ("revoke", AccessRole.ADMIN, "end somebody's sessions")
    READ_AUDIT = ("read audit", AccessRole.ADMIN, "read the audit table")

    def __init__(self, label: str, role: AccessRole, told: str) -> None:
        self.label, self.role, self.told = label, role, told


def allowed(action: PageAction, subject: str = "") -> bool:
    """Whether the person of this run may do it now; tells them when not. Either way it is written down."""
    person = sign_in.visitor()
    if person is None or person.role is None:
        st.error("Your sign-in has run out; reload the page to sign in again.", icon=":material/lock_clock:")
        return False
    core, permitted = runtime.core(), person.may(action.role)
    try:
        core.audit.add(person.name, person.role, action.label, subject, allowed=permitted)
    except StoreUnavailable as error:
        if permitted and core.config.signs_in:
            st.error(f"Nothing was done, as it cannot be written down: {error}.", icon=":material/cloud_off:")
            return False
    if not permitted:
        needed = "an" if action.role.value[0] in "ao" else "a"
        st.error(f"To {action.told} you have to be {needed} {action.role}; you are {person.role}.", icon=":material/lock:")
    return permitted


def possible(action: PageAction) -> bool:
    """Whether it is worth offering; the action itself asks again."""
    person = sign_in.visitor()
    return person is not None and person.may(action.role)
