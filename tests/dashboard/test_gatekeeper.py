"""The gatekeeper: foreign names and pages get nothing, machines may have to show a token, answers have headers."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard.gatekeeper import HEADERS, Gatekeeper, host_of, known_names
from dashboard.startup import closed_or_exit
from prosepolish_core import Config

CONFIG = Config.from_env(
    {"PROSEPOLISH_DASHBOARD_URL": "https://ops.example.org/x", "PROSEPOLISH_ALLOWED_HOSTS": "dashboard, [fd00::1]"}
)
PATHS = ("/", "/metrics", "/readyz", "/healthz")


async def _page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("secret")


async def _line(line: WebSocket) -> None:
    await line.accept()
    await line.send_text("secret")


def client(token: str = "", host: str = "127.0.0.1:8501") -> TestClient:
    kept = [Middleware(Gatekeeper, names=known_names(CONFIG), token=token)]
    routes = [*(Route(path, _page, methods=["GET", "POST"]) for path in PATHS), WebSocketRoute("/_stcore/stream", _line)]
    return TestClient(Starlette(routes=routes, middleware=kept), base_url=f"http://{host}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8501", "localhost", "[::1]:8501", "ops.example.org", "OPS.example.org", "dashboard:80"]
)
def test_a_known_name_is_answered(host: str) -> None:
    """With and without a port, in any case; so is a page of that name."""
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert client().get("/", headers=headers).text == "secret"
    with client().websocket_connect("/_stcore/stream", headers=headers) as line:
        assert line.receive_text() == "secret"


FOREIGN = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "evil.example:8501",
    "",
    "localhost:x",
    "a b",
    "ops.example.org/",
]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/metrics", "/readyz"])
def test_a_foreign_name_gets_nothing(host: str, path: str) -> None:
    """However it leads here; only `/healthz`, which tells nothing, answers a probe by address."""
    refused = client().get(path, headers={"Host": host})
    assert (refused.status_code, "secret" in refused.text) == (421, False)
    assert client().get("/healthz", headers={"Host": host}).status_code == 200
    with pytest.raises(WebSocketDisconnect), client().websocket_connect("/_stcore/stream", headers={"Host": host}):
        pass


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://", "evil.example"])
def test_a_page_of_another_site_gets_nothing(origin: str) -> None:
    """Reading, writing, or by WebSocket, although it is addressed to a name that is known."""
    for refused in (client().get("/", headers={"Origin": origin}), client().post("/", headers={"Origin": origin})):
        assert (refused.status_code, "secret" in refused.text) == (403, False)
    with pytest.raises(WebSocketDisconnect), client().websocket_connect("/_stcore/stream", headers={"Origin": origin}):
        pass


def test_two_hosts_are_as_good_as_none() -> None:
    """A proxy and we might each believe another one."""
    refused = client().get("/", headers=[("Host", "localhost"), ("Host", "evil.example")])
    assert refused.status_code == 421


def test_machines_show_the_token_where_one_is_set() -> None:
    """Nothing, another one, and the right one without its word are refused; pages and `/healthz` do not ask for it."""
    asked = client(token="s3cret")
    for path in ("/metrics", "/readyz"):
        for shown in ("", "Bearer nonsense", "s3cret", "Basic s3cret", "bearer s3cret"):
            refused = asked.get(path, headers={"Authorization": shown} if shown else {})
            assert (refused.status_code, refused.headers["www-authenticate"]) == (
                401,
                'Bearer realm="prosepolish"',
            )
        assert asked.get(path, headers={"Authorization": "Bearer s3cret"}).status_code == 200
    assert [asked.get(path).status_code for path in ("/", "/healthz")] == [200, 200]


def test_every_answer_has_the_headers() -> None:
    """Refusals too."""
    for answer in (client().get("/"), client().get("/healthz"), client().get("/", headers={"Host": "evil.example"})):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]


def test_a_name_is_read_without_guessing() -> None:
    """What is not plainly a name with a port is none."""
    assert [host_of(text) for text in ("a:1", "[::1]:1", "A", "u@a", "a/b", "a?b", "a:99999", "")] == ["a", "::1", "a", *[None] * 5]


@pytest.mark.parametrize("address", [None, "0.0.0.0", "10.0.0.1", "::"])
def test_listening_beyond_loopback_has_to_be_said(address: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """Else it is one sentence and the end; where it is said, a warning."""
    with pytest.raises(SystemExit) as ended:
        closed_or_exit(CONFIG, address)
    assert ended.value.code == 1
    assert "PROSEPOLISH_OPEN_TO_NETWORK=true" in capsys.readouterr().err
    closed_or_exit(Config.from_env({"PROSEPOLISH_OPEN_TO_NETWORK": "true"}), address)
    assert capsys.readouterr().err.startswith("WARNING: the dashboard listens on ")


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_loopback_is_silent(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    closed_or_exit(CONFIG, address)
    assert capsys.readouterr().err == ""
