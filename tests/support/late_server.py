"""A way to a real server on which every reply comes late by a fixed time."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def late(port: int, by_s: float) -> Iterator[int]:
    """The port of a relay to the server on `port`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, port, by_s), daemon=True).start()
        yield listener.getsockname()[1]


def _serve(listener: socket.socket, port: int, by_s: float) -> None:
    with suppress(OSError):  # the listener was closed: no more connections
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for pair, delay in (((client, server), 0.0), ((server, client), by_s)):
                threading.Thread(target=_relay, args=(*pair, delay), daemon=True).start()


def _relay(source: socket.socket, target: socket.socket, delay_s: float) -> None:
    with suppress(OSError), source, target:
        while data := source.recv(65536):
            time.sleep(delay_s)
            target.sendall(data)
