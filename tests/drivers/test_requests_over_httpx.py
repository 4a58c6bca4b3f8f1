"""A requests session that sends through our bounded client."""

from collections.abc import Iterator

import pytest
import requests

from prosepolish_core.drivers.http_bounded import UpstreamFault, bounded_client, deadline
from prosepolish_core.drivers.requests_over_httpx import RequestsOverHttpx
from tests.support.http_server import Reply, ScriptedServer, scripted_server


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server(Reply(body={"naïve": "é"})) as running:
        yield running


@pytest.fixture
def session(server: ScriptedServer) -> Iterator[requests.Session]:
    """A session with our adapter."""
    with bounded_client(server.url, max_bytes=1000) as client, requests.Session() as made:
        made.mount("http://", RequestsOverHttpx(client))
        yield made


def test_request_and_reply_pass_unchanged(server: ScriptedServer, session: requests.Session) -> None:
    """Method, query, headers and body go out; status, headers and JSON come back."""
    with deadline(5):
        reply = session.post(server.url + "/a/b", params={"$alt": "json"}, json={"text": "Zoë"}, headers={"x-key": "1"}, timeout=1)
    assert (reply.status_code, reply.ok, reply.json()) == (200, True, {"naïve": "é"})
    assert reply.headers["content-type"] == "application/json"
    (asked,) = server.requests
    assert (asked.method, asked.path, asked.json()) == ("POST", "/a/b?%24alt=json", {"text": "Zoë"})
    assert asked.headers["x-key"] == "1"


def test_our_bounds_hold_for_the_session(server: ScriptedServer, session: requests.Session) -> None:
    """Redirects, bodies over the cap and dripping replies end in our fault, whatever the session would allow."""
    for scripted, detail in (
        (Reply(302, b"", {"Location": "/elsewhere"}), "redirect"),
        (Reply(body=b"x" * 1001), "too_large"),
        (Reply(body=b"x" * 900, drip_s=0.01), "deadline"),
    ):
        server.reply(scripted)
        with pytest.raises(UpstreamFault, match=detail), deadline(0.3):
            session.get(server.url, timeout=60)
    assert len(server.requests) == 3
