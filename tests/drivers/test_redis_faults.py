"""Every exception of the driver becomes an outcome and one short word."""

import pytest
import redis
from hiredis import ProtocolError, ReplyError

from prosepolish_core import health
from prosepolish_core.drivers import redis_faults, redis_scripts
from prosepolish_core.drivers.redis_faults import CLASSES, PHRASES, REPLIES, classify, unavailable
from prosepolish_core.errors import CacheUnavailable
from prosepolish_core.model.outcome import FAILED, Outcome


@pytest.mark.parametrize(
    ("error", "outcome", "word"),
    [
        (redis.exceptions.AuthenticationError("invalid username-password pair"), Outcome.REFUSED, "auth"),
        (redis.exceptions.BusyLoadingError("LOADING"), Outcome.ERROR, "loading"),
        (redis.exceptions.ResponseError("MISCONF Errors writing"), Outcome.ERROR, "misconf"),
        (redis.exceptions.ResponseError("NOREPLICAS Not enough"), Outcome.ERROR, "no_replicas"),
        (redis.exceptions.OutOfMemoryError("command not allowed"), Outcome.REFUSED, "out_of_memory"),
        (redis.exceptions.ReadOnlyError("You can't write"), Outcome.ERROR, "read_only"),
        (redis.exceptions.NoPermissionError("no permissions"), Outcome.REFUSED, "no_permission"),
        (redis.exceptions.ConnectionError("max number of clients reached"), Outcome.REFUSED, "max_clients"),
        (redis.exceptions.ConnectionError("Error 111"), Outcome.ERROR, "connection"),
        (redis.exceptions.TimeoutError("x"), Outcome.TIMEOUT, "timeout"),
        (redis.exceptions.InvalidResponse("x"), Outcome.ERROR, "garbage"),
        (ReplyError("OOM command not allowed"), Outcome.REFUSED, "out_of_memory"),
        (ReplyError("NOAUTH Authentication required."), Outcome.REFUSED, "auth"),
        (ReplyError("BUSY Redis is busy running a script"), Outcome.ERROR, "busy_script"),
        (ReplyError("CLUSTERDOWN The cluster is down"), Outcome.ERROR, "cluster_down"),
        (ReplyError("MOVED 866 127.0.0.1:7001"), Outcome.ERROR, "moved"),
        (ProtocolError("x"), Outcome.ERROR, "garbage"),
        (ConnectionRefusedError(), Outcome.ERROR, "refused"),
        (ConnectionResetError(), Outcome.ERROR, "connection"),
        (BlockingIOError(), Outcome.TIMEOUT, "timeout"),
        (ZeroDivisionError(), Outcome.ERROR, "unexpected"),
    ],
)
def test_a_fault_has_an_outcome_and_a_word(error: Exception, outcome: Outcome, word: str) -> None:
    """The word is ours: nothing of the driver's message, which may quote an address or a value."""
    assert classify(error) == (outcome, word)
    assert outcome in FAILED
    assert isinstance(unavailable(error), CacheUnavailable)
    assert classify(unavailable(error)) == (outcome, word)


def test_every_error_class_of_redis_py_is_known() -> None:
    """No class falls through to "unexpected", which is for mistakes of our own."""
    for kind in vars(redis.exceptions).values():
        if isinstance(kind, type) and issubclass(kind, redis.RedisError):
            try:
                error = kind("x")
            except (TypeError, ValueError):
                continue
            assert classify(error)[1] != "unexpected"


def test_whoever_names_a_fault_uses_a_word_of_the_table() -> None:
    """The sets that decide what is done about a fault, and the sentences that people read, know no other word."""
    words = {word for _, word in (*REPLIES.values(), *PHRASES.values())} | {word for _, _, word in CLASSES} | {"unexpected"}
    for used in (redis_faults.REFUSED_WRITES, redis_faults.PASSING, redis_faults.WRONG_WAY, redis_scripts.LOST, set(health.FAULTS)):
        assert used <= words
