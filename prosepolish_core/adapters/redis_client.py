"""Redis clients by URL: lazy, short deadlines, no blind retries, bounded pools."""

from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: The server's view of a client: its name in CLIENT LIST tells who is who.
CLIENT_NAME = "prosepolish-{role}"


def connect(url: str, *, timeout_s: float, pool_size: int, role: str) -> redis.Redis:
    """A client for one server; nothing is opened until the first command.

    Every call has `timeout_s` seconds to connect and again to answer. redis-py's own retries are off: they repeat
    writes whose reply was lost. Raises ValueError for an address redis-py cannot read.
    """
    parts = urlsplit(url)
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(parts.scheme, parts.scheme)
    return redis.Redis.from_url(
        parts._replace(scheme=scheme).geturl(),
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        max_connections=pool_size,
        client_name=CLIENT_NAME.format(role=role),
    )
