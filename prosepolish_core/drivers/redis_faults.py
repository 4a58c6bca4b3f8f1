"""Every exception a Redis driver raises, as an outcome and one short word."""

import redis
from hiredis import HiredisError, ReplyError

from ..errors import CacheUnavailable
from ..model.outcome import Outcome

#: The first word of an error reply -> the word we use. Looked up before the exception's class.
REPLIES: dict[str, tuple[Outcome, str]] = {
    "LOADING": (Outcome.ERROR, "loading"),
    "READONLY": (Outcome.ERROR, "read_only"),
    "MASTERDOWN": (Outcome.ERROR, "master_down"),
    "NOREPLICAS": (Outcome.ERROR, "no_replicas"),
    "OOM": (Outcome.REFUSED, "out_of_memory"),
    "NOAUTH": (Outcome.REFUSED, "auth"),
    "WRONGPASS": (Outcome.REFUSED, "auth"),
    "NOPERM": (Outcome.REFUSED, "no_permission"),
    "MISCONF": (Outcome.ERROR, "misconf"),
    "NOSCRIPT": (Outcome.ERROR, "no_script"),
    "BUSY": (Outcome.ERROR, "busy_script"),
    "CLUSTERDOWN": (Outcome.ERROR, "cluster_down"),
    "MOVED": (Outcome.ERROR, "moved"),
    "ASK": (Outcome.ERROR, "moved"),
    "TRYAGAIN": (Outcome.ERROR, "moved"),
    "WRONGTYPE": (Outcome.ERROR, "wrong_type"),
}
#: Words within an error reply -> the word we use.
PHRASES: dict[str, tuple[Outcome, str]] = {
    "max number of clients": (Outcome.REFUSED, "max_clients"),
    "syntax error": (Outcome.ERROR, "not_understood"),
    "DB index is out of range": (Outcome.REFUSED, "no_database"),
}
#: Exception classes, most special first: redis-py calls a refused password and a loading server connection errors.
CLASSES: tuple[tuple[type[BaseException], Outcome, str], ...] = (
    (redis.exceptions.AuthorizationError, Outcome.REFUSED, "auth"),
    (redis.exceptions.AuthenticationError, Outcome.REFUSED, "auth"),
    (redis.exceptions.BusyLoadingError, Outcome.ERROR, "loading"),
    (redis.exceptions.ReadOnlyError, Outcome.ERROR, "read_only"),
    (redis.exceptions.MasterDownError, Outcome.ERROR, "master_down"),
    (redis.exceptions.OutOfMemoryError, Outcome.REFUSED, "out_of_memory"),
    (redis.exceptions.NoPermissionError, Outcome.REFUSED, "no_permission"),
    (redis.exceptions.NoScriptError, Outcome.ERROR, "no_script"),
    (redis.exceptions.ClusterDownError, Outcome.ERROR, "cluster_down"),
    (redis.exceptions.MaxConnectionsError, Outcome.REFUSED, "pool_exhausted"),
    (redis.exceptions.TimeoutError, Outcome.TIMEOUT, "timeout"),
    (TimeoutError, Outcome.TIMEOUT, "timeout"),
    (BlockingIOError, Outcome.TIMEOUT, "timeout"),
    (ConnectionRefusedError, Outcome.ERROR, "refused"),
    (redis.exceptions.ConnectionError, Outcome.ERROR, "connection"),
    (OSError, Outcome.ERROR, "connection"),
    (redis.exceptions.InvalidResponse, Outcome.ERROR, "garbage"),
    (redis.exceptions.RedisClusterException, Outcome.ERROR, "connection"),
    (UnicodeError, Outcome.ERROR, "garbage"),
    (MemoryError, Outcome.ERROR, "garbage"),  # a reply that announces a billion parts
    (ReplyError, Outcome.ERROR, "redis_error"),
    (HiredisError, Outcome.ERROR, "garbage"),
    (redis.RedisError, Outcome.ERROR, "redis_error"),
)
#: The server answers, but this write (or this key) is not to be had: reads go on.
REFUSED_WRITES = frozenset({"read_only", "out_of_memory", "misconf", "no_replicas", "no_permission", "wrong_type", "moved"})
#: Faults of one call or of our own pool: they say nothing about the server.
PASSING = frozenset({"pool_exhausted", "no_script"})
#: The connections lead to the wrong server, or to none: the next use connects anew, by name.
WRONG_WAY = frozenset(
    {"timeout", "refused", "connection", "garbage", "auth", "read_only", "moved", "master_down", "cluster_down", "loading"}
)


def classify(error: BaseException) -> tuple[Outcome, str]:
    """The outcome and a short machine word; never the driver's message, which may quote an address or a value."""
    if isinstance(error, CacheUnavailable):
        return Outcome(error.outcome), error.detail
    words = str(error).split(maxsplit=1)
    if isinstance(error, ReplyError | redis.RedisError) and words and words[0] in REPLIES:
        return REPLIES[words[0]]
    for phrase, meant in PHRASES.items():
        if phrase in str(error):
            return meant
    cause = error.__cause__ or error.__context__
    for kind, outcome, detail in CLASSES:
        if isinstance(error, kind):
            return (
                (outcome, "refused") if detail == "connection" and isinstance(cause, ConnectionRefusedError) else (outcome, detail)
            )
    return Outcome.ERROR, "unexpected"


def unavailable(error: BaseException) -> CacheUnavailable:
    """The one exception the caching layer knows."""
    outcome, detail = classify(error)
    return CacheUnavailable(outcome, detail)
