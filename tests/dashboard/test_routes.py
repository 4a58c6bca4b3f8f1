"""The HTTP routes beside the pages: exact paths, honest states, no secret."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.routes import routes
from tests.dashboard.stack import collect, installed


def client() -> TestClient:
    """The routes alone."""
    return TestClient(Starlette(routes=routes()))


def test_alive_asks_nobody() -> None:
    """/healthz answers with every server away."""
    with installed(REDIS_URL="redis://127.0.0.1:9/0", DATABASE_URL="postgresql://127.0.0.1:9/nowhere"):
        answer = client().get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.live
def test_redis_down_is_degraded_and_still_ready(database_url: str) -> None:
    """The chain survives Redis: 200, and the body says what is amiss."""
    with installed(REDIS_URL="redis://:hush@127.0.0.1:9/0", DATABASE_URL=database_url):
        answer = client().get("/readyz")

    states = {d["name"]: d["state"] for d in answer.json()["dependencies"]}
    assert (answer.status_code, answer.json()["state"]) == (200, "degraded")
    assert (states["redis"], states["postgres"]) == ("down", "up")
    assert "hush" not in answer.text


def test_without_the_store_it_is_not_ready() -> None:
    """503, with the reason in the body."""
    with installed(REDIS_URL="redis://127.0.0.1:9/0", DATABASE_URL="postgresql://u:hush@127.0.0.1:9/nowhere"):
        answer = client().get("/readyz")

    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert "hush" not in answer.text


@pytest.mark.live
def test_metrics_are_prometheus_text_and_not_the_web_page(valkey_url: str, database_url: str) -> None:
    """A real parser reads it, and the latest INFO is in it under the exporter's names."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        collect(core)
        answer = client().get("/metrics")

    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain")
    assert {"redis_memory_used_bytes", "prosepolish_store_up"} <= families


def test_metrics_say_that_the_store_is_down() -> None:
    """The scrape itself does not fail."""
    with installed(REDIS_URL="redis://127.0.0.1:9/0", DATABASE_URL="postgresql://127.0.0.1:9/nowhere"):
        answer = client().get("/metrics")

    assert answer.status_code == 200
    assert "prosepolish_store_up 0" in answer.text
    assert 'prosepolish_dependency_state{dependency="postgres",state="down"} 1' in answer.text
