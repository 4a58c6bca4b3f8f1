"""In a real browser a chart gives its numbers, its file and its picture, a table its file; no cell is a formula."""

import csv
import os
import socket
import subprocess
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from .test_foreign_text import ROOT, _open

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(180)]
PATIENT_MS = 60_000


def rows_of(download: Download) -> list[list[str]]:
    """The file without its head lines."""
    text = Path(download.path()).read_text(encoding="utf-8-sig")
    assert text.startswith('"# ProsePolish: ')
    return [row for row in csv.reader(StringIO(text)) if not row[0].startswith("#")]


def test_what_is_drawn_can_be_taken_along(page: Page) -> None:
    """The table behind the chart opens on a click; both files are CSV; the tool bar saves a PNG."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = str(Path(__file__).with_name("take_along_app.py"))
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), "--server.headless", "true"]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _open(page, f"http://127.0.0.1:{port}/")
            table_file = page.get_by_role("button", name="CSV")
            expect(table_file).to_be_visible(timeout=PATIENT_MS)
            with page.expect_download(timeout=PATIENT_MS) as sizes:
                table_file.click()
            page.locator(".js-plotly-plot").hover()
            with page.expect_download(timeout=PATIENT_MS) as picture:
                page.locator(".modebar-btn").click()
            page.get_by_text("Numbers", exact=True).click()
            chart_file = page.locator('[data-testid="stPopoverBody"]').get_by_role("button", name="CSV")
            expect(chart_file).to_be_visible(timeout=PATIENT_MS)
            with page.expect_download(timeout=PATIENT_MS) as paid:
                chart_file.click()
            assert rows_of(sizes.value) == [["name", "size (bytes)"], ['\'=HYPERLINK("//host")', "2048"]]
            assert (rows_of(paid.value)[0], rows_of(paid.value)[1][1]) == (["time (UTC)", "paid (USD)"], "0.5")
            assert picture.value.suggested_filename == "prosepolish-one.png"
            assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
        finally:
            page.goto("about:blank")  # before the server goes: the page would miss it
            server.terminate()
