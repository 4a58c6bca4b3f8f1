"""Listening to keyspace events on a connection of its own: channels and keys, as they come."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from redis import exceptions
from redis.connection import AbstractConnection

from ...errors import NoAnswer, SourceTimeout, SourceUnreadable
from .redis_observer import CLIENT_NAME, Observer
from .refusals import typed


class Listener:
    """An open subscription."""

    def __init__(self, connection: AbstractConnection, pinged: Callable[[int], None]) -> None:
        self._connection = connection
        self._pinged = pinged
        self._asked = False

    def collect(self, seconds: float) -> list[tuple[str, bytes]]:
        """What came within this time: (channel, key). Raises SourceUnavailable or NoAnswer when the connection is lost.

        After a time in which nothing came the server is asked for a sign of life: a connection whose other end has
        vanished without a word would else be listened to for ever.
        """
        until = time.monotonic() + seconds
        found: list[tuple[str, bytes]] = []
        silent = True
        while (left := until - time.monotonic()) > 0:
            try:
                message = self._connection.read_response(timeout=left, disconnect_on_error=False, push_request=True)
            except exceptions.TimeoutError:
                break
            except Exception as error:  # noqa: BLE001 - whatever the other side sends
                raise typed(error) from None
            silent = False
            if isinstance(message, list) and len(message) == 4 and message[0] == b"pmessage":
                _, _, channel, key = message
                if isinstance(channel, bytes) and isinstance(key, bytes):
                    found.append((channel.decode("utf-8", "replace"), key))
        if silent and self._asked:
            raise SourceTimeout("no answer in time")
        self._asked = silent
        if silent:
            self._ping()
        return found

    def _ping(self) -> None:
        try:
            packed = self._connection.pack_command("PING")  # type: ignore[no-untyped-call]
            self._connection.send_packed_command(packed, check_health=False)  # type: ignore[no-untyped-call]
        except (exceptions.RedisError, OSError) as error:
            raise typed(error) from None
        self._pinged(sum(map(len, packed)))

    def close(self) -> None:
        """Hang up."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]


@contextmanager
def listen(observer: Observer, who: str, patterns: Sequence[str]) -> Iterator[Listener]:
    """Subscribe to the patterns on a further connection, at the cost of `who`. Raises SourceUnavailable or NoAnswer."""
    connection = observer.another()
    try:
        try:
            _subscribe(connection, patterns)
        except NoAnswer:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the other side sends
            raise typed(error) from None
        yield Listener(connection, lambda bytes_out: observer.charge(who, [("PING",)], bytes_out))
    finally:
        connection.disconnect()  # type: ignore[no-untyped-call]


def _subscribe(connection: AbstractConnection, patterns: Sequence[str]) -> None:
    connection.connect()  # type: ignore[no-untyped-call]
    connection.send_command("CLIENT", "SETNAME", CLIENT_NAME)  # type: ignore[no-untyped-call]
    with suppress(exceptions.ResponseError):  # a server may refuse it
        connection.read_response()
    connection.send_command("PSUBSCRIBE", *patterns)  # type: ignore[no-untyped-call]
    for _ in patterns:
        reply = connection.read_response(push_request=True)
        if not isinstance(reply, list) or reply[:1] != [b"psubscribe"]:
            raise SourceUnreadable("psubscribe")
