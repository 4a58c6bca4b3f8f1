"""Asking one Redis how it is: several pings by the monotonic clock, and the few INFO fields a verdict needs."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, NamedTuple

import redis
from redis import exceptions as faults

PINGS = 5
#: What a driver's error says about the server, most telling class first; never the driver's own text.
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (faults.BusyLoadingError, "is loading its data"),
    (faults.AuthenticationError, "refuses our credentials"),
    (faults.NoPermissionError, "does not permit us to ask"),
    (faults.MasterDownError, "has lost its primary"),
    (faults.ClusterDownError, "says its cluster is down"),
    (faults.MaxConnectionsError, "has no connection left in our pool"),
    (faults.TimeoutError, "does not answer in time"),
    (faults.ConnectionError, "cannot be reached"),
    (faults.ResponseError, "refuses to answer"),
    (faults.RedisError, "gives answers that cannot be read"),
    (ValueError, "has an address that cannot be read"),
    (OSError, "cannot be reached"),
)


class RedisProbe(NamedTuple):
    """What came back. `fault` is empty when every ping was answered; `loading` when the server is only starting up."""

    pings_s: tuple[float, ...] = ()
    info: Mapping[str, Any] = {}
    fault: str = ""
    loading: bool = False


def probe(client: redis.Redis, pings: int = PINGS) -> RedisProbe:
    """Ping, then read INFO once. Never raises for a fault of the server."""
    times: list[float] = []
    try:
        client.ping()  # opens the connection, which is not what we time
        for _ in range(pings):
            before = perf_counter()
            client.ping()
            times.append(perf_counter() - before)
        return RedisProbe(tuple(times), _info(client))
    except (faults.RedisError, OSError, ValueError) as error:
        fault = next(reason for kind, reason in REASONS if isinstance(error, kind))
        return RedisProbe(tuple(times), {}, fault, isinstance(error, faults.BusyLoadingError))


def _info(client: redis.Redis) -> Mapping[str, Any]:
    """INFO; of a cluster, the reply of its first node. Empty where the server does not permit it."""
    try:
        reply: Mapping[str, Any] = client.info()
    except faults.ResponseError:
        return {}
    first = next(iter(reply.values()), None)
    return first if isinstance(first, Mapping) and "redis_version" in first else reply
