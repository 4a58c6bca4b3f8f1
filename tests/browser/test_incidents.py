"""An incident from the fault to its file, as somebody sees it who was called at night."""

import re

import pytest
import redis
from playwright.sync_api import Page, expect

from tests.browser.conftest import RunningStack

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(180), pytest.mark.xdist_group("stack")]


def test_a_flush_is_an_incident_that_is_read_taken_and_written_down(running_stack: RunningStack, page: Page) -> None:
    """Somebody empties the cache: the page says so, who takes it is seen, and the file tells it all."""
    (url,) = re.findall(r"^REDIS_URL=(.+)$", running_stack.settings.read_text(encoding="utf-8"), re.MULTILINE)
    with redis.Redis.from_url(url) as cache:
        cache.flushall()
    page.goto(running_stack.url)
    page.get_by_role("link", name="Incidents", exact=True).click()
    expect(page.get_by_text("Flush of cache")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Timeline, charts, notes").first.click()
    expect(page.get_by_text("cache: FLUSHALL removed every key").first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("calls got no answer")).to_be_visible()
    page.wait_for_url("**/incidents?incident=*-cache", timeout=10_000)
    page.get_by_role("textbox", name="Your name").fill("ann")
    page.get_by_role("textbox", name="Note").fill("a deploy script <b>did</b> it")
    page.get_by_role("button", name="I take it").click()
    expect(page.get_by_text("Taken by: ann")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("ann: a deploy script <b>did</b> it")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Post-mortem as Markdown").click()
    told = saved.value.path().read_text(encoding="utf-8")
    assert "- Taken by: ann" in told
    assert r"a deploy script \<b\>did\</b\> it" in told
