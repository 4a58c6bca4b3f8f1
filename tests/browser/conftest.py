"""The whole stack as a newcomer starts it, and a real headless Chromium to look at it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.waiting import PATIENT

ROOT = Path(__file__).parents[2]
#: As root Chromium needs --no-sandbox; the others keep it from asking the network for updates.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on the path: install the system's package `chromium` to run the browser tests")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


class RunningStack(NamedTuple):
    """Where its dashboard is, and the file of settings that leads to its servers."""

    url: str
    settings: Path


@pytest.fixture(scope="module")
def stack(running_stack: RunningStack) -> str:
    """The dashboard's address."""
    return running_stack.url


@pytest.fixture(scope="module")
def running_stack() -> Iterator[RunningStack]:
    """`prosepolish up` on a spare port and new data, upstreams sped up."""
    folder = Path(tempfile.mkdtemp(prefix="pp-up-"))
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("prosepolish")),
        "up",
        "--port",
        str(port),
        "--data-dir",
        str(folder / "data"),
        "--speed",
        "20",
        "--no-open",
    ]
    log = folder / "up.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | PATIENT, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", process, log)
        yield RunningStack(f"http://127.0.0.1:{port}", folder / "data" / "env")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the stack did not come up:\n{log.read_text(encoding='utf-8', errors='replace')}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new page of a new profile. At the end nothing may have been logged as an error on the console."""
    context = browser.new_context(viewport={"width": 1440, "height": 1200})
    tab = context.new_page()
    errors: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []
