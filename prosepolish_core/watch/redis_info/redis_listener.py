"""Listening to keyspace events on a connection of its own: channels and keys, as they come."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from redis import exceptions
from redis.connection import AbstractConnection

from ...errors import NoAnswer, SourceUnreadable
from .redis_observer import CLIENT_NAME, Observer
from .refusals import typed


class Listener:
    """An open subscription."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection

    def collect(self, seconds: float) -> list[tuple[str, bytes]]:
        """What came within this time: (channel, key). Raises SourceUnavailable or NoAnswer when that is over."""
        until = time.monotonic() + seconds
        found: list[tuple[str, bytes]] = []
        while (left := until - time.monotonic()) > 0:
            try:
                message = self._connection.read_response(timeout=left, disconnect_on_error=False, push_request=True)
            except exceptions.TimeoutError:
                break
            except Exception as error:  # noqa: BLE001 - whatever the other side sends
                raise typed(error) from None
            if isinstance(message, list) and len(message) == 4 and message[0] == b"pmessage":
                _, _, channel, key = message
                if isinstance(channel, bytes) and isinstance(key, bytes):
                    found.append((channel.decode("utf-8", "replace"), key))
        return found

    def close(self) -> None:
        """Hang up."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]


@contextmanager
def listen(observer: Observer, patterns: Sequence[str]) -> Iterator[Listener]:
    """Subscribe to the patterns on a further connection. Raises SourceUnavailable or NoAnswer."""
    connection = observer.another()
    try:
        try:
            _subscribe(connection, patterns)
        except NoAnswer:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the other side sends
            raise typed(error) from None
        yield Listener(connection)
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
