"""Roles: who has which, from the claims of a provider; what is not plainly given is not given."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core import Config
from prosepolish_core.errors import ConfigError
from prosepolish_core.roles import AccessRole, RoleList

LIST = RoleList.read("admin=ann@example.org, operator=*@example.org, operator=group:sre, viewer=sub:auth0|7, admin=group:owners")


def verified(email: str, **claims: Any) -> dict[str, Any]:
    return {"email": email, "email_verified": True, **claims}


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        (verified("ann@example.org"), AccessRole.ADMIN),
        (verified("ANN@Example.ORG"), AccessRole.ADMIN),
        (verified("bob@example.org"), AccessRole.OPERATOR),
        (verified("bob@example.org", groups=["owners"]), AccessRole.ADMIN),
        ({"groups": ["sre", "x"]}, AccessRole.OPERATOR),
        ({"groups": "sre"}, AccessRole.OPERATOR),
        ({"sub": "auth0|7"}, AccessRole.VIEWER),
        # Nothing below is any of them.
        ({"email": "ann@example.org"}, None),
        ({"email": "ann@example.org", "email_verified": False}, None),
        ({"email": "ann@example.org", "email_verified": "true"}, None),
        (verified("ann@example.org.evil.example"), None),
        (verified("ann@evil.example@example.net"), None),
        (verified("@example.org"), None),
        (verified("*@example.org "), None),
        ({"groups": "sre,owners"}, None),
        ({"groups": {"owners": True}}, None),
        ({"groups": [["owners"]]}, None),
        ({"roles": ["owners"]}, None),
        ({"sub": "auth0"}, None),
        ({"email": ["ann@example.org"], "email_verified": True}, None),
        ({}, None),
    ],
)
def test_a_role_is_given_by_a_verified_address_a_group_or_a_subject(claims: dict[str, Any], role: AccessRole | None) -> None:
    """An address that nobody verified, or that only looks alike, gives nothing; the highest role that fits counts."""
    assert LIST.role_of(claims, "groups") is role


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists, max_leaves=5)))
def test_whatever_a_provider_claims_no_list_gives_nothing(claims: dict[str, Any]) -> None:
    """Claims of any shape are judged; an empty list gives nobody a role."""
    assert RoleList.read("").role_of(claims, "groups") is None
    assert RoleList.read("viewer=*").role_of(claims, "groups") is AccessRole.VIEWER
    assert LIST.role_of(claims, "groups") in {None, *AccessRole}


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org",
        "root=ann@example.org",
        "admin=",
        "admin=ann",
        "admin=*@",
        "admin=a*@b",
        "admin=a@*",
        "admin=group:",
        "=x@y",
    ],
)
def test_a_list_that_could_be_misread_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        RoleList.read(text)


WHOLE = {
    "PROSEPOLISH_OIDC_URL": "https://id.example.org/",
    "PROSEPOLISH_OIDC_CLIENT_ID": "dashboard",
    "PROSEPOLISH_OIDC_CLIENT_SECRET": "hush",
    "PROSEPOLISH_COOKIE_SECRET": "c" * 32,
    "PROSEPOLISH_ROLES": "viewer=*",
    "PROSEPOLISH_DASHBOARD_URL": "https://ops.example.org/",
}


def test_the_settings_of_a_sign_in_are_whole_or_refused() -> None:
    """What the provider is told is made from them; each that is missing is named, and no secret is."""
    found = Config.from_env(WHOLE)
    assert found.signs_in
    assert found.auth_section() == {
        "redirect_uri": "https://ops.example.org/oauth2callback",
        "cookie_secret": "c" * 32,
        "client_id": "dashboard",
        "client_secret": "hush",
        "server_metadata_url": "https://id.example.org/.well-known/openid-configuration",
    }
    assert "hush" not in repr(found)
    for name in WHOLE.keys() - {"PROSEPOLISH_OIDC_URL"}:
        with pytest.raises(ConfigError, match=name):
            Config.from_env({key: value for key, value in WHOLE.items() if key != name})
    assert not Config.from_env({key: value for key, value in WHOLE.items() if key != "PROSEPOLISH_OIDC_URL"}).signs_in


def test_a_short_cookie_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="PROSEPOLISH_COOKIE_SECRET: it needs at least 32 characters"):
        Config.from_env(WHOLE | {"PROSEPOLISH_COOKIE_SECRET": "short"})
