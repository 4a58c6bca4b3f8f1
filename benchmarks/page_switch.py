"""How long does a switch between two pages take, against the same in an empty Streamlit app?

Starts the whole demo stack and, beside it, an empty app: seven pages with one line each, and one that draws nothing but
one and one that draws two plain Plotly figures. Headless Chromium clicks through both in turn. A switch ends when text
that stands behind the page's live numbers is visible; "with charts" waits until the figures are drawn, the run has
ended and nothing is left to draw. The plain figures show what Plotly itself asks for. Prints medians of interleaved
rounds and their ratios. The bar: at most 1.5 x.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import socket
from statistics import median

import httpx
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
ROUNDS = 63
#: Page, and a text on it that is written after its numbers have been read.
OURS = {
    "Overview": "Of 100 words looked up",
    "Playground": "Look a word up twice",
    "Memory": "Does it fit?",
    "Latency": "How far are the slowest from the usual?",
    "Hit rate": "Does each cache reach its target?",
    "Savings": "Tokens not bought",
    "Collectors": "Does each collector run on time?",
}
EMPTY = {name: f"{name} stands" for name in ("One", "Two", "Three", "Four", "Five", "Six", "Seven")}
#: Pages of the empty app with so many plain figures, and how many ours have (Memory: two for each of two servers).
PLAIN = {"Figure": 1, "Pair": 2}
FIGURES = PLAIN | {"Overview": 1, "Memory": 4, "Latency": 2, "Hit rate": 2, "Savings": 1, "Collectors": 1}
FIGURE = '{"data": [{"type": "scatter", "y": list(range(60))}], "layout": {"height": 260}}'
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SETTLED = "() => !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton]')"
#: So many figures have their axes.
DRAWN = "wanted => document.querySelectorAll('[data-testid=stPlotlyChart] .xaxislayer-above').length >= wanted"
LABELS = {"ours": "ours, all pages", "Figure": "1 plain figure", "Pair": "2 plain figures"}
Times = dict[str, list[float]]


def main() -> None:
    """Start both, measure, print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="page-switch-")))
        folder.chmod(0o755)
        sides = {
            "ours": (stack.enter_context(demo(folder / "demo")), OURS),
            "empty": (stack.enter_context(empty_app(folder / "empty")), EMPTY | {name: f"{name} stands" for name in PLAIN}),
        }
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        first, drawn = measure({side: (opened(browser.new_page(), url, table), table) for side, (url, table) in sides.items()})
        browser.close()
    for what, times in (("numbers visible", first), ("with charts", drawn)):
        print(f"{what}, median of {ROUNDS} interleaved switches")
        empty = median(times["empty"])
        for side in (*OURS, *PLAIN, "ours", "empty"):
            print(f"  {LABELS.get(side, side):16} {median(times[side]) * 1e3:7.0f} ms {median(times[side]) / empty:7.2f} x empty")
    print(f"load of the machine now: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def opened(page: Page, url: str, table: dict[str, str]) -> Page:
    """The page with every screen visited once: loading code is not switching."""
    page.goto(url)
    page.wait_for_selector("[data-testid=stSidebarNavLink]", timeout=60_000)
    for name in table:
        switch(page, name, table[name])
    return page


def measure(sides: dict[str, tuple[Page, dict[str, str]]]) -> tuple[Times, Times]:
    """Switch in turn on both sides."""
    first: Times = defaultdict(list)
    drawn: Times = defaultdict(list)
    for round_ in range(ROUNDS):
        for side, (page, table) in sides.items():
            target = list(table)[round_ % len(table)]
            seen, done = switch(page, target, table[target])
            for name in (target,) if target in PLAIN else (side, target):
                first[name].append(seen)
                drawn[name].append(done)
    return first, drawn


def switch(page: Page, name: str, text: str) -> tuple[float, float]:
    """Click the page in the menu; seconds until its text is visible, and until everything is drawn."""
    began = time.perf_counter()
    page.locator("[data-testid=stSidebarNavLink]").filter(has_text=name).click()
    page.get_by_text(text).first.wait_for(state="visible", timeout=60_000)
    seen = time.perf_counter() - began
    page.wait_for_function(SETTLED, timeout=60_000)
    if name in FIGURES:
        page.wait_for_function(DRAWN, arg=FIGURES[name], timeout=60_000)
    return seen, time.perf_counter() - began


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """The whole stack, with a minute of traffic behind it."""
    port = free_port()
    command = [sys.executable, "-m", "demo", "--no-open", "--port", str(port), "--data-dir", str(folder), "--rate", "5"]
    with served(command, port, ROOT) as url:
        time.sleep(60)
        yield url


@contextmanager
def empty_app(folder: Path) -> Iterator[str]:
    """Seven pages with one line each, and those with plain figures."""
    folder.mkdir()
    pages = ", ".join(f'st.Page("{name.lower()}.py", title="{name}")' for name in (*EMPTY, *PLAIN))
    (folder / "router.py").write_text(f"import streamlit as st\nst.navigation([{pages}]).run()\n", encoding="utf-8")
    for name, text in EMPTY.items():
        (folder / f"{name.lower()}.py").write_text(f'import streamlit as st\nst.write("{text}")\n', encoding="utf-8")
    for name, figures in PLAIN.items():
        drawing = f"for n in range({figures}):\n    st.plotly_chart({FIGURE}, key=f'figure-{{n}}')\n"
        text = f'import streamlit as st\nst.write("{name} stands")\n{drawing}'
        (folder / f"{name.lower()}.py").write_text(text, encoding="utf-8")
    port = free_port()
    options = ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with served([sys.executable, "-m", "streamlit", "run", "router.py", *options], port, folder) as url:
        yield url


@contextmanager
def served(command: list[str], port: int, folder: Path) -> Iterator[str]:
    """The command's server, once it answers; gone afterwards."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=os.environ | {"PORT": str(port)}, stdout=quiet, stderr=quiet)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/_stcore/health", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens on."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
