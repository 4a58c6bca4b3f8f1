"""Whatever a key, a name or an error holds, a browser shows this very text: no picture, link, formula or icon."""

import json
import os
import random
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(120)]
ROOT = Path(__file__).parents[2]
SEED = 20261127
#: Pieces from which hostile texts are made.
PIECES = (
    "![x](//host/p.png)", "[x](javascript:alert(1))", "<img src=//host/p.png>", "<script>", "$x^2$", "$$", "`code`", "**b**",
    "_e_", "__init__", "a_b_c", "~~s~~", ":smile:", ":material/home:", ":red[x]", ":streamlit:", "http://host/p", "www.host.org",
    "me@host.org", "# h", "- item", "1. one", "> quote", "&lt;", "&#33;", "\\", "|a|b|", "===", "---", "\n", "\u202e", "\x00", "é",
    "[^1]", "![", "](", "{x}", ":", "'", '"', "dict:", "10:30:00", "%s", "==m==", "^s^",
)  # fmt: skip


def hostile_texts(count: int) -> list[str]:
    """Each piece alone, then mixtures."""
    chance = random.Random(SEED)
    mixed = [chance.choice(("", " ")).join(chance.choices(PIECES, k=chance.randint(2, 6))) for _ in range(count)]
    return [text for text in (*PIECES, *mixed) if text.strip("\n\x00 ")]


def shown(text: str) -> str:
    """How the text reads: on one line, unseen signs as U+FFFD."""
    return " ".join(text.replace("\u202e", "\ufffd").replace("\x00", "\ufffd").split())


def test_a_browser_shows_foreign_text_as_it_is(page: Page) -> None:
    """Real Streamlit, real Chromium; nothing is asked of any other host."""
    texts = hostile_texts(120)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    script = str(Path(__file__).with_name("foreign_text_app.py"))
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), "--server.headless", "true"]
    environ = os.environ | {"TEXTS": json.dumps(texts), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _open(page, f"http://127.0.0.1:{port}/")
            blocks = page.locator("[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]")
            expect(blocks).to_have_count(2 * len(texts), timeout=60_000)
            seen = [found.replace("\u2060", "") for found in blocks.all_inner_texts()]
            made = "img, a, code, em, del, .katex, h1, h2, ul, ol, blockquote, table, hr, [data-testid=stIconMaterial]"
            alive = page.locator(
                f":is([data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]) :is({made})"
            ).evaluate_all("found => found.map(one => one.outerHTML)")
        finally:
            page.goto("about:blank")  # before the server goes: the page would miss it
            server.terminate()
    wrong = [
        (text, found) for text, found in zip([t for t in texts for _ in "12"], seen, strict=True) if shown(found) != shown(text)
    ]
    assert wrong == []
    assert alive == []
    assert [url for url in asked if "host" in url.partition("//")[2].partition("/")[0] and "127.0.0.1" not in url] == []


def _open(page: Page, url: str) -> None:
    """The server takes a moment to listen."""
    for _ in range(300):
        with closing(socket.socket()) as knock:
            if knock.connect_ex(("127.0.0.1", int(url.rpartition(":")[2].strip("/")))) == 0:
                break
        page.wait_for_timeout(100)
    page.goto(url)
