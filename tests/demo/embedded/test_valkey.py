"""The embedded Valkey."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from demo.children import Child, spawn, stop, wait_until
from demo.embedded import valkey
from demo.embedded.ports import free_port

PASSWORD = "p" * 32


def run(role: str, folder: Path) -> tuple[Child, str]:
    """A running server and its address."""
    port = free_port()
    child = spawn(valkey.part(role, port=port, password=PASSWORD, folder=folder / role, log=folder / f"{role}.log", env={}))
    address = valkey.url(port, PASSWORD)
    wait_until(lambda: valkey.answers(address), child, 10, "", lambda: False)
    return child, address


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Both servers, by role."""
    running = {role: run(role, tmp_path) for role in valkey.ROLES}
    yield {role: address for role, (_, address) in running.items()}
    stop([child for child, _ in running.values()], 2)


@pytest.mark.live
def test_the_cache_evicts_and_the_state_does_not(servers: dict[str, str]) -> None:
    """Cache: 256 MB, allkeys-lru. State: noeviction."""
    found = {}
    for role, address in servers.items():
        with redis.Redis.from_url(address) as client:
            found[role] = (
                client.config_get("maxmemory-policy")["maxmemory-policy"],
                int(client.config_get("maxmemory")["maxmemory"]),
            )

    assert found["cache"] == ("allkeys-lru", 256 * 2**20)
    assert found["state"][0] == "noeviction"


@pytest.mark.live
def test_nobody_gets_in_without_the_password(servers: dict[str, str]) -> None:
    """The address without its password is refused, and so is a wrong one."""
    assert not valkey.answers(servers["cache"].replace(f":{PASSWORD}@", ""))
    assert not valkey.answers(servers["cache"].replace(PASSWORD, "wrong"))


@pytest.mark.live
def test_sessions_survive_a_restart_of_the_state_server(tmp_path: Path) -> None:
    """What is written to the state server is there after it was stopped; a folder name with blanks is no trouble."""
    folder = tmp_path / "with some blanks"
    folder.mkdir()
    child, address = run("state", folder)
    with redis.Redis.from_url(address) as client:
        client.set("session:x", "1")
    stop([child], 3)

    child, address = run("state", folder)
    with redis.Redis.from_url(address) as client:
        assert client.get("session:x") == b"1"
    stop([child], 3)
