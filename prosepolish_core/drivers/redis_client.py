"""Redis clients by URL, for one server, Sentinel or Cluster: lazy, short deadlines, no blind retries, bounded pools."""

import threading
from typing import Any, cast
from urllib.parse import SplitResult, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry
from redis.sentinel import Sentinel

#: The server's view of a client: its name in CLIENT LIST tells who is who.
CLIENT_NAME = "prosepolish-{role}"
#: redis+sentinel://host:port without a service name asks for this one, as the sentinels' own examples do.
DEFAULT_SERVICE = "mymaster"
_SAME = {"valkey": "redis", "valkeys": "rediss"}
_PORTS = {"redis+sentinel": 26379}


def connect(url: str, *, timeout_s: float, pool_size: int, role: str) -> redis.Redis:
    """A client for one URL; nothing is opened until the first command.

    Every call has `timeout_s` seconds to connect and again to answer. redis-py's own retries are off: they repeat
    writes whose reply was lost. Raises ValueError for an address redis-py cannot read.

    `redis+sentinel://[user:password@]host:port[,host:port]/service[/db]` follows the primary that the sentinels name;
    `redis+cluster://[user:password@]host:port[,host:port]` (or `rediss+cluster://`) finds the cluster's other nodes.
    """
    parts = urlsplit(url)
    settings: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": pool_size,
        "client_name": CLIENT_NAME.format(role=role),
    }
    if parts.scheme == "redis+sentinel":
        return _by_sentinel(parts, settings)
    if parts.scheme.endswith("+cluster"):
        return cast("redis.Redis", LazyCluster(parts, settings))
    scheme, separator, rest = url.partition("://")
    return redis.Redis.from_url(_SAME.get(scheme, scheme) + separator + rest, **settings)


class LazyCluster:
    """A cluster client that asks for the cluster's nodes when first used, not when made; asked again after a failure."""

    def __init__(self, parts: SplitResult, settings: dict[str, Any]) -> None:
        self._nodes = [ClusterNode(host, port) for host, port in _hosts(parts)]  # type: ignore[no-untyped-call]
        self._settings = settings | _login(parts) | ({"ssl": True} if parts.scheme.startswith("rediss") else {})
        self._lock = threading.Lock()
        self._attempts = 0
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        client = self._client
        return getattr(self._found() if client is None else client, name)

    def _found(self) -> Any:
        """The client. Threads that waited for an attempt that failed do not make one each: they would queue up for it."""
        seen = self._attempts
        with self._lock:
            if self._client is None:
                if self._attempts != seen:
                    raise redis.exceptions.ConnectionError("the nodes of the cluster cannot be found")
                self._attempts += 1
                self._client = RedisCluster(startup_nodes=self._nodes, **self._settings)
            return self._client

    def close(self) -> None:
        """Release every connection, if there is any."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _by_sentinel(parts: SplitResult, settings: dict[str, Any]) -> redis.Redis:
    service, _, database = parts.path.strip("/").partition("/")
    if database and not database.isdigit():
        raise ValueError("the database of a redis+sentinel:// address must be a number")
    # The data servers' name and password are not the sentinels'.
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        _hosts(parts), sentinel_kwargs={k: v for k, v in settings.items() if k == "retry" or k.startswith("socket")}, **settings
    )
    primary = sentinel.master_for(service or DEFAULT_SERVICE, db=int(database or 0), **_login(parts))  # type: ignore[no-untyped-call]
    return cast("redis.Redis", primary)


def _hosts(parts: SplitResult) -> list[tuple[str, int]]:
    """Every host:port of an address that may name several."""
    found = []
    for place in parts.netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{place}")
        if not one.hostname:
            raise ValueError("the address of the server names no host")
        found.append((one.hostname, one.port or _PORTS.get(parts.scheme, 6379)))
    return found


def _login(parts: SplitResult) -> dict[str, str]:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return {k: unquote(v) for k, v in (("username", user), ("password", password)) if v}
