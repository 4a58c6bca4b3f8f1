"""Who a run is for: nobody, somebody whose time is over, or a person with a role."""

from typing import Any

import pytest

from dashboard.components.sign_in import LOCAL, Visitor, judge
from prosepolish_core import Config
from prosepolish_core.roles import AccessRole
from tests.test_roles import WHOLE

NOW = 1_800_000_000.0
SIGNED = Config.from_env(WHOLE | {"PROSEPOLISH_ROLES": "operator=ann@example.org", "PROSEPOLISH_SIGN_IN_S": "3600"})
ANN = {"is_logged_in": True, "iat": NOW - 60, "email": "ann@example.org", "email_verified": True, "sub": "1"}


def test_without_a_provider_whoever_reaches_it_owns_it() -> None:
    """It listens on loopback then; claims mean nothing."""
    assert judge(Config.from_env({}), {"is_logged_in": False}, NOW) == Visitor(LOCAL, AccessRole.ADMIN)


@pytest.mark.parametrize(
    "changed",
    [
        {"is_logged_in": False},
        {"is_logged_in": "yes"},
        {"iat": NOW - 3600},
        {"iat": NOW + 3600},
        {"iat": None},
        {"iat": "soon"},
        {"iat": float("nan")},
    ],
)
def test_nobody_is_signed_in_without_a_fresh_token(changed: dict[str, Any]) -> None:
    """After the cap, from the future, or without the time of its issue."""
    assert judge(SIGNED, ANN | changed, NOW) is None
    assert judge(SIGNED, {}, NOW) is None


def test_a_person_has_the_role_of_the_list_and_no_other() -> None:
    """A stranger is known by name and may do nothing."""
    ann = judge(SIGNED, ANN, NOW)
    eve = judge(SIGNED, ANN | {"email": "eve@example.org"}, NOW)
    assert ann == Visitor("ann@example.org", AccessRole.OPERATOR)
    assert eve == Visitor("eve@example.org", None)
    assert [ann.may(role) for role in AccessRole] == [True, True, False]
    assert [eve.may(role) for role in AccessRole] == [False, False, False]
