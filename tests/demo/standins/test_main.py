"""`python -m demo.standins`."""

import json
import signal
import socket
import subprocess
import sys

import httpx
from click.testing import CliRunner

from demo.standins.__main__ import main


def test_it_tells_its_addresses_serves_and_stops_when_told() -> None:
    """The first line is JSON; SIGTERM ends it with exit code 0."""
    process = subprocess.Popen([sys.executable, "-m", "demo.standins", "--speed", "1000"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    addresses = json.loads(process.stdout.readline())

    answer = httpx.get(addresses["dictionary_api"] + "/api/v2/entries/en/cat", trust_env=False)
    process.send_signal(signal.SIGTERM)

    assert set(addresses) == {"dictionary_api", "gemini", "control"}
    assert answer.json()[0]["word"] == "cat"
    assert process.wait(5) == 0
    process.stdout.close()


def test_a_taken_port_is_one_sentence() -> None:
    """Exit code 1, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(main, ["--gemini-port", str(taken.getsockname()[1])])

    assert result.exit_code == 1
    assert "choose another port" in result.output
