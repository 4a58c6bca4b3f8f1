"""Signing in by a real OpenID Connect provider in a real browser: in, what a role may do, out, and a forged cookie."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.waiting import PATIENT, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
COOKIE = "_streamlit_user"
INVITATION = "Sign in to see how the cache stack is."
PEOPLE = (
    {"sub": "ann", "email": "ann@example.org", "email_verified": True, "groups": ["operators"]},
    {"sub": "vic", "email": "vic@example.org", "email_verified": True, "groups": ["staff"]},
    {"sub": "eve", "email": "ann@example.org", "email_verified": False},
)


class SignInStack(NamedTuple):
    """The dashboard's address, and the database that has its audit table."""

    url: str
    database: str


def spare_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def signed_stack(valkey_url: str, database_url: str) -> Iterator[SignInStack]:
    """A provider and a dashboard that sends people to it, each a process of its own."""
    provider, port = spare_port(), spare_port()
    people = [part for one in PEOPLE for part in ("--user-claims", json.dumps(one))]
    url = f"http://127.0.0.1:{port}"
    environ = (
        os.environ
        | PATIENT
        | {
            "REDIS_URL": valkey_url,
            "DATABASE_URL": database_url,
            "DICTIONARY_API_URL": "http://127.0.0.1:9",
            "GEMINI_API_ENDPOINT": "http://127.0.0.1:9",
            "PROSEPOLISH_OIDC_URL": f"http://127.0.0.1:{provider}",
            "PROSEPOLISH_OIDC_CLIENT_ID": "dashboard",
            "PROSEPOLISH_OIDC_CLIENT_SECRET": "hush",
            "PROSEPOLISH_COOKIE_SECRET": "c" * 40,
            "PROSEPOLISH_DASHBOARD_URL": url,
            "PROSEPOLISH_ROLES": "operator=group:operators, viewer=vic@example.org, admin=ann@example.net",
            "PROSEPOLISH_DATA_DIR": tempfile.mkdtemp(prefix="pp-sign-in-"),
            "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
        }
    )
    commands = (
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(provider), *people],
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
    )
    with ExitStack() as running:
        for command in commands:
            process = running.enter_context(
                subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
            running.callback(process.terminate)
        wait_for(lambda: answers(f"http://127.0.0.1:{provider}/") and answers(f"{url}/healthz"))
        yield SignInStack(url, database_url)


@contextmanager
def visit(browser: Browser) -> Iterator[Page]:
    """A browser of its own that knows this machine only: the provider's pages ask for styles of another host."""
    context = browser.new_context()
    context.route(lambda url: not url.startswith("http://127.0.0.1:"), lambda route: route.abort())
    yield context.new_page()
    context.close()


def sign_in(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(f"{url}/**")


def invalidate(page: Page, told: str) -> None:
    page.get_by_role("link", name="Playground").click()
    page.get_by_role("button", name="Invalidate").click(timeout=60_000)
    expect(page.get_by_text(told)).to_be_visible(timeout=60_000)


def test_in_by_the_provider_out_again_and_no_other_way(signed_stack: SignInStack, browser: Browser) -> None:
    """It listens on every address, as people sign in; before that the page holds nothing. A role does what it may."""
    url = signed_stack.url
    with visit(browser) as ann:
        ann.goto(url)
        expect(ann.get_by_text(INVITATION)).to_be_visible(timeout=60_000)
        expect(ann.get_by_role("link", name="Overview")).to_have_count(0)
        sign_in(ann, url, "ann")
        expect(ann.get_by_text("example.org, operator")).to_be_visible(timeout=60_000)
        (cookie,) = (one for one in ann.context.cookies(url) if one["name"] == COOKIE)
        assert cookie["httpOnly"]
        invalidate(ann, "Gone from Redis and PostgreSQL")
        ann.get_by_role("button", name="Sign out").click()
        ann.get_by_role("button", name="End session").click(timeout=60_000)  # the provider's own page
        expect(ann.get_by_text(INVITATION)).to_be_visible(timeout=60_000)
        assert COOKIE not in {one["name"] for one in ann.context.cookies(url)}
    with visit(browser) as vic:
        sign_in(vic, url, "vic")
        expect(vic.get_by_text("example.org, viewer")).to_be_visible(timeout=60_000)
        invalidate(vic, "you have to be an operator")
    with visit(browser) as eve:  # she claims ann's address, and nobody has verified it
        sign_in(eve, url, "eve")
        expect(eve.get_by_text("who has no role here")).to_be_visible(timeout=60_000)
    with visit(browser) as forger:
        forged = str(cookie["value"])[:-6] + "AAAAA="
        forger.context.add_cookies([{"name": COOKIE, "value": forged, "url": url}])
        forger.goto(url)
        expect(forger.get_by_text(INVITATION)).to_be_visible(timeout=60_000)
    with psycopg.connect(signed_stack.database) as connection:
        rows = connection.execute("SELECT actor, role, action, outcome FROM audit ORDER BY id").fetchall()
    assert rows == [
        ("ann@example.org", "operator", "invalidate", "allowed"),
        ("vic@example.org", "viewer", "invalidate", "refused"),
    ]
