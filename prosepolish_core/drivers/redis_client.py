"""Redis clients by URL, for one server, Sentinel or Cluster: lazy, short deadlines, no blind retries, bounded pools."""

import threading
from collections.abc import Mapping
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection
from redis.retry import Retry
from redis.sentinel import Sentinel

from ..addresses.redis_address import RedisAddress, RedisKind
from ..forks import on_fork

#: The server's view of a client: its name in CLIENT LIST tells who is who.
CLIENT_NAME = "prosepolish-{role}"


def connect(url: str, *, timeout_s: float, pool_size: int, role: str) -> redis.Redis:
    """A client for one URL; nothing is opened until the first command.

    Every call has `timeout_s` seconds to connect and again to answer. redis-py's own retries are off: they repeat
    writes whose reply was lost. Raises ConfigError for an address that means nothing.

    `redis+sentinel://[user:password@]host:port[,host:port]/service[/db]` follows the primary that the sentinels name;
    `redis+cluster://[user:password@]host:port[,host:port]` finds the cluster's other nodes.
    """
    address = RedisAddress.read(url)
    settings: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": pool_size,
        "client_name": CLIENT_NAME.format(role=role),
    }
    if address.kind is RedisKind.SENTINEL:
        return _by_sentinel(address, settings)
    if address.kind is RedisKind.CLUSTER:
        return cast("redis.Redis", LazyCluster(address, settings))
    return redis.Redis.from_pool(pool_of(address, settings))


def pool_of(address: RedisAddress, settings: Mapping[str, Any]) -> ConnectionPool:
    """Connections to one server: the only one, or the first of those named."""
    if address.kind is RedisKind.SOCKET:
        return ConnectionPool(UnixDomainSocketConnection, path=address.socket, **address.settings, **settings)
    host, port = address.hosts[0]
    kind = SSLConnection if address.tls else Connection
    return ConnectionPool(kind, host=host, port=port, **address.settings, **settings)


class LazyCluster:
    """A cluster client that asks for the cluster's nodes when first used, not when made;
    asked again after a failure.
    """

    def __init__(self, address: RedisAddress, settings: dict[str, Any]) -> None:
        self._nodes = [ClusterNode(host, port) for host, port in address.hosts]  # type: ignore[no-untyped-call]
        self._settings = settings | dict(address.settings) | ({"ssl": True} if address.tls else {})
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child the client, its locks and its connections are the parent's."""
        self._lock = threading.Lock()
        self._attempts = 0
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        client = self._client
        return getattr(self._found() if client is None else client, name)

    def _found(self) -> Any:
        """The client.

        Threads that waited for an attempt that failed do not make one each: they would queue up for it.
        """
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


def _by_sentinel(address: RedisAddress, settings: dict[str, Any]) -> redis.Redis:
    tls = {"ssl": True} if address.tls else {}
    # The data servers' name and password are not the sentinels'.
    shared = {name: value for name, value in settings.items() if name == "retry" or name.startswith("socket")}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts, sentinel_kwargs=shared | tls | dict(address.sentinel_settings), **settings
    )
    primary = sentinel.master_for(address.service, **tls, **address.settings)  # type: ignore[no-untyped-call]
    return cast("redis.Redis", primary)
