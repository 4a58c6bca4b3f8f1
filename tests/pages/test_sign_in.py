"""Roles on the pages: every action asks for its role when it is done, whatever was offered, and is written down."""

import ast
import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.actions import PageAction
from prosepolish_core.roles import AccessRole
from tests.dashboard.stack import installed
from tests.pages.test_pages import ROUTER, said
from tests.test_roles import WHOLE

ROOT = Path(__file__).parents[2]
SETTINGS = WHOLE | {"PROSEPOLISH_ROLES": "viewer=group:v, operator=group:o, admin=group:a"}
#: Methods through which a page changes or spends something, by the names they are called by.
CHANGES = {
    *(
        "invalidate",
        "clear",
        "correct",
        "lookup",
        "lookup_many",
        "add_note",
        "silence",
        "end_silence",
        "revoke",
        "revoke_all",
        "rotate",
    ),
    *("create", "reset", "update", "add_mark"),
}


def signed_in(group: str, age_s: float = 60) -> dict[str, Any]:
    return {"is_logged_in": True, "iat": time.time() - age_s, "sub": f"somebody-{group}", "groups": [group]}


def opened(user: dict[str, Any], page: str = "", **query: str) -> AppTest:
    at = AppTest.from_file(ROUTER, default_timeout=60)
    at.user = user
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    return at.switch_page(page).run() if page else at


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception


@pytest.mark.live
def test_nobody_sees_anything_before_a_sign_in_or_after_its_time(valkey_url: str, database_url: str) -> None:
    """Also on a page that is open: its next run ends at the button."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url, **SETTINGS):
        for user in ({"is_logged_in": False}, signed_in("a", 9 * 3600)):
            at = opened(user)
            assert [button.label for button in at.button] == ["Sign in"]
            assert "Overview" not in said(at)
        at = opened(signed_in("o"), "playground.py")
        assert "Look up" in [button.label for button in at.button]
        at.user = signed_in("o", 9 * 3600)
        at.run()
        assert [button.label for button in at.button] == ["Sign in"]
        stranger = opened(signed_in("nobody"))
        assert [button.label for button in stranger.button] == ["Sign out"]
        assert "no role here" in said(stranger)


@pytest.mark.live
def test_a_viewer_is_refused_every_action_and_an_operator_is_not(valkey_url: str, database_url: str) -> None:
    """Both are written down with their names; nothing of a viewer's reached a server."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url, **SETTINGS) as core:
        for group, words in (("v", "you have to be an operator"), ("o", "")):
            at = opened(signed_in(group), "playground.py")
            for label in ("Look up", "Invalidate"):
                press(at, label)
                assert [words in error.value for error in at.error if "have to be" in error.value] == [True] * bool(words), label
            for tab, label in (("Text", "Correct"), ("Limits", "One call"), ("Sessions", "Log in")):
                at = opened(signed_in(group), "playground.py", **{"try": tab})
                press(at, label)
                assert bool(words) == any("have to be" in error.value for error in at.error), label
        rows = core.audit.newest()
        assert {(row.actor, row.outcome) for row in rows} == {("somebody-v", "refused"), ("somebody-o", "allowed")}
        assert {row.action for row in rows} == {"lookup", "invalidate", "correct", "limit", "session"}
        assert not any("Teh" in row.subject for row in rows)


@pytest.mark.live
def test_only_an_admin_reads_who_did_what(valkey_url: str, database_url: str) -> None:
    """The page is in no other menu, and its address leads an operator elsewhere."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url, **SETTINGS) as core:
        core.audit.add("eve", "viewer", "clear", "dict", allowed=False)
        at = opened(signed_in("a"), "audit.py")
        assert at.dataframe[0].value["who"].tolist() == ["eve"]
        with pytest.raises(ValueError, match=r"audit\.py"):
            opened(signed_in("o"), "audit.py")


@pytest.mark.live
def test_what_cannot_be_written_down_is_not_done(valkey_url: str) -> None:
    """With a sign-in, while PostgreSQL is away."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL="postgresql://127.0.0.1:9/nowhere", **SETTINGS):
        at = opened(signed_in("o"), "playground.py")
        press(at, "Invalidate")
        assert any("Nothing was done" in error.value for error in at.error)


def test_every_file_that_changes_something_asks_who_it_is() -> None:
    """A page that calls what changes or spends something has the question in the same file."""
    wanting = []
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
        names = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        through_core = "core()" in path.read_text(encoding="utf-8")
        if through_core and calls & CHANGES and "allowed" not in names:
            wanting.append(f"{path.relative_to(ROOT)}: {', '.join(sorted(calls & CHANGES))}")
    assert wanting == []


def test_every_action_has_a_role_beyond_looking() -> None:
    """A viewer may do none of them."""
    assert [action.name for action in PageAction if action.role is AccessRole.VIEWER] == []
