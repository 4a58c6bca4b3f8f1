"""One command brings up the whole stack, and the dashboard shows it live."""

import json
import re
import time
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from pages._registry import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(180)]

#: In the stand-in dictionary, and rare enough that the traffic has not asked for it yet.
WORD = "magnanimity"


def test_every_page_shows_live_numbers_and_no_error(stack: str, page: Page) -> None:
    """Each page, opened by a click as a visitor would, shows its title, numbers of this minute and no error box."""
    page.goto(stack)
    for entry in PAGES:
        page.get_by_role("link", name=entry.title, exact=True).click()
        expect(page.get_by_role("heading", name=entry.title, exact=True, level=1)).to_be_visible(timeout=20_000)
        if entry.timed:  # a page that shows several servers tells the age of each
            expect(page.get_by_text(re.compile(r"newest \d+ ?(s|ms|min) ago")).first).to_be_visible(timeout=60_000)
        expect(page.locator('[data-testid="stSkeleton"]')).to_have_count(0, timeout=20_000)
        assert page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]').all_inner_texts() == [], entry.title


def test_a_word_looked_up_twice_comes_from_redis_the_second_time(stack: str, page: Page) -> None:
    """The first answer comes from deeper down, the second from tier 1; an invalidation starts it again."""
    page.goto(stack)
    page.get_by_role("link", name="Playground", exact=True).click()
    box = page.get_by_role("textbox", name="Word")
    answer = page.get_by_test_id("stMetric").first
    for button, tier in (("Look up", "Dictionary API"), ("Look up", "Redis"), ("Invalidate", ""), ("Look up", "Dictionary API")):
        box.fill(WORD)
        page.get_by_role("button", name=button).click()
        if tier:
            expect(answer).to_contain_text(tier, timeout=15_000)
        page.wait_for_timeout(300)


def test_the_time_range_lives_in_the_address(stack: str, page: Page) -> None:
    """Choosing a range changes the URL, and the URL alone brings the range back."""
    page.goto(stack)
    page.get_by_role("radio", name="1h").or_(page.get_by_role("button", name="1h", exact=True)).first.click()
    page.wait_for_url("**range=1h*")

    page.goto(f"{stack}/?range=6h")

    expect(page.get_by_text("of the last 6 hours")).to_be_visible(timeout=20_000)


def test_the_http_routes_answer_for_machines(stack: str) -> None:
    """/healthz says alive, /readyz names every dependency, /metrics is Prometheus text and not a web page."""
    assert urllib.request.urlopen(f"{stack}/healthz", timeout=5).status == 200
    ready = json.load(urllib.request.urlopen(f"{stack}/readyz", timeout=5))
    assert {"redis", "postgres"} <= set(json.dumps(ready).replace('"', " ").split())
    end = time.monotonic() + 30
    text = ""
    while "redis_memory_used_bytes" not in text and time.monotonic() < end:
        text = urllib.request.urlopen(f"{stack}/metrics", timeout=5).read().decode()
        time.sleep(0.5)
    assert "redis_memory_used_bytes" in text
    assert "<html" not in text
