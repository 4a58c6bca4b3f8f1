"""Tokens are canaries: a whole core uses them while everything that records is tapped,
and none turns up in any of it.
"""

import base64
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import redis
from psycopg import sql
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from dashboard import routes
from prosepolish_core import Core, logs
from prosepolish_core.drivers.redis_scripts import ScriptFault
from prosepolish_core.errors import ProsePolishError
from prosepolish_core.live.sessions.token import PREFIX
from tests.dashboard.stack import installed

pytestmark = pytest.mark.live
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJqd3QifQ.kq0Hn1yLk3cUuY3Gx8m2cXoQvY1sFzQ9"
KEPT = ("session token laptop", "session old laptop")
NONCE = "canary-nonce-7f3a9c"


@contextmanager
def monitored(url: str) -> Iterator[list[str]]:
    """Every command that arrives at the server meanwhile, as MONITOR tells it."""
    seen: list[str] = []
    with redis.Redis.from_url(url) as tap, redis.Redis.from_url(url) as client:
        monitor = tap.monitor()
        monitor.__enter__()

        def listen() -> None:
            for each in monitor.listen():
                seen.append(each["command"])
                if "the tap ends here" in each["command"]:
                    return

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield seen
        finally:
            client.echo("the tap ends here")
            thread.join()


def attempt(action: Callable[[], object], told: list[str]) -> None:
    """Do it; an error is told with everything that hangs on it."""
    try:
        action()
    except (ProsePolishError, ScriptFault) as error:
        cause: BaseException | None = error
        while cause is not None:
            told.append(f"{error!r} {error} {vars(error)} {cause!r}")
            cause = cause.__cause__ or cause.__context__


def use(core: Core, told: list[str]) -> list[str]:
    """Everything that can be done with tokens, well and badly; the tokens."""
    sessions = core.sessions
    first, other = (sessions.create("canary", device).token or "" for device in ("laptop", "phone"))
    second = sessions.rotate(first, NONCE).token or ""
    third = sessions.rotate(second).token or ""
    sessions.register("canary", JWT)
    for token in (first, second, third, other, JWT, third + "x", third[:-1]):
        attempt(lambda token=token: sessions.verify(token), told)  # type: ignore[misc]
        attempt(lambda token=token: sessions.rotate(token, NONCE * 9), told)  # type: ignore[misc]
        attempt(lambda token=token: sessions.create("canary", token + "\n"), told)  # type: ignore[misc]
        attempt(lambda token=token: sessions.register("canary", token + " "), told)  # type: ignore[misc]
    attempt(lambda: sessions.rotate(JWT), told)
    sessions.rotate(first)  # a theft
    sessions.revoke(JWT)
    told += [repr(sessions.devices("canary")), repr(sessions.revoke_all("canary")), repr(sessions.create("canary"))]
    return [first, second, third, other, JWT]


def forms(token: str) -> set[str]:
    """A token as it is, without its prefix, in parts, and its bytes in hexadecimal and as Python would show them."""
    body = token.removeprefix(PREFIX)
    found = {body[:40], body[-40:], body[30:70]}
    if token.startswith(PREFIX):
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        found |= {raw[24:56].hex(), repr(raw[24:56])[2:-1]}
    return {form for form in found if len(form) > 20}


def sent(node: Any) -> str:
    """What the browser is sent of this part of a page and all parts of it."""
    return "\n".join([str(node.proto), *(sent(child) for child in getattr(node, "children", {}).values())])


def every_row(url: str) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").fetchall()
        query = sql.SQL("SELECT t::text FROM {} t")
        return str([connection.execute(query.format(sql.Identifier(name))).fetchall() for (name,) in tables])


def every_key(client: redis.Redis) -> str:
    """Every key with its value as the server would write it to a file."""
    return str([(key, client.dump(key)) for key in client.scan_iter()])


def test_no_token_is_seen_anywhere(valkey_url: str, database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """MONITOR, keys and values, the slow log, every table, logs at DEBUG, errors, /metrics and /readyz:
    all without a canary.
    """
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    settings = {"REDIS_URL": valkey_url, "DATABASE_URL": database_url, "LOG_LEVEL": "DEBUG"}
    with installed(**settings) as core, redis.Redis.from_url(valkey_url) as client:
        logs.configure(core.config)
        client.config_set("slowlog-log-slower-than", 0)
        with monitored(valkey_url) as commands:
            tokens = use(core, told)
            while_it_works = every_key(client)
            assert core.recorder.flush()
        client.config_set("slowlog-log-slower-than", 10_000)
        request = Request({"type": "http"})
        seen = {
            "commands": "\n".join(commands),
            "keys": while_it_works + every_key(client),
            "slow log": str(client.slowlog_get(10_000)),
            "rows": every_row(database_url),
            "pages": str(routes.metrics(request).body) + str(routes.readyz(request).body),
            "objects": f"{vars(core.sessions)} {core.sessions!r}",
        }
        core.pool.close()
        client.close()
        for token in tokens:  # nothing durable can be done any more
            attempt(lambda token=token: core.sessions.rotate(token, NONCE), told)  # type: ignore[misc]
            attempt(lambda token=token: core.sessions.revoke(token), told)  # type: ignore[misc]
    seen |= {"errors": "\n".join(told), "log": caplog.text}

    canaries = {form for token in tokens for form in forms(token)} | {NONCE}
    assert "EVALSHA" in seen["commands"]
    assert "session_family" not in seen["errors"]
    assert {place: [c for c in canaries if c in text] for place, text in seen.items()} == {place: [] for place in seen}
    assert len(told) > 10


def test_no_token_is_on_the_page(valkey_url: str, database_url: str) -> None:
    """The panel logs in, rotates and uses the old token: what is sent to the browser holds handles, never a token."""

    def page() -> None:
        from dashboard.playground import sessions

        sessions.panel()

    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        shown: list[str] = []
        tokens: set[str] = set()
        app = AppTest.from_function(page, default_timeout=30).run()
        for label in ("Log in", "Verify", "Rotate", "Verify", "Use the old token", "Verify", "Log in", "Log out"):
            app = app.button(key=f"{label}-laptop").click().run()
            assert not app.exception
            shown.append(sent(app.main))
            tokens |= {app.session_state[name] for name in KEPT if name in app.session_state}
    held = {token for token in tokens if token}
    assert len(held) >= 3
    assert "session `" in "".join(shown)
    assert not [form for token in held for form in forms(token) if form in "".join(shown)]
