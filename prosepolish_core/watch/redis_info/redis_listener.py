"""Listening to keyspace events on a connection of its own: channels and keys, as they come."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redis import exceptions
from redis.connection import AbstractConnection

from ...errors import SourceUnavailable
from .redis_observer import Observer, typed


class Listener:
    """An open subscription."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection

    def collect(self, seconds: float) -> list[tuple[str, bytes]]:
        """What came within this time: (channel, key). Raises SourceUnavailable when the connection is lost."""
        until = time.monotonic() + seconds
        found: list[tuple[str, bytes]] = []
        while (left := until - time.monotonic()) > 0:
            try:
                message = self._connection.read_response(timeout=left, disconnect_on_error=False, push_request=True)
            except exceptions.TimeoutError:
                break
            except (exceptions.RedisError, OSError) as error:
                raise typed(error) from None
            if isinstance(message, list | tuple) and len(message) == 4 and message[0] == b"pmessage":
                found.append((message[2].decode("utf-8", "replace"), message[3]))
        return found

    def close(self) -> None:
        """Hang up."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]


@contextmanager
def listen(observer: Observer, patterns: Sequence[str]) -> Iterator[Listener]:
    """Subscribe to the patterns on a further connection. Raises SourceUnavailable or SourceRefused."""
    connection = observer.another()
    try:
        connection.connect()  # type: ignore[no-untyped-call]
        connection.send_command("PSUBSCRIBE", *patterns)  # type: ignore[no-untyped-call]
        for _ in patterns:
            reply = connection.read_response(push_request=True)
            if isinstance(reply, exceptions.ResponseError):
                raise reply
            if not isinstance(reply, list | tuple) or reply[0] != b"psubscribe":
                raise SourceUnavailable("an unexpected reply to PSUBSCRIBE")
    except (exceptions.RedisError, OSError) as error:
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise typed(error) from None
    try:
        yield Listener(connection)
    finally:
        connection.disconnect()  # type: ignore[no-untyped-call]
