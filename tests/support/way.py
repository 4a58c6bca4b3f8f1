"""A way to a real server that can be closed, or go dumb:
open connections stay open, and nothing comes through them any more.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Way:
    """Forwards bytes both ways between an address and the server at `target`, until it is told otherwise."""

    def __init__(self, target: int, address: str = "127.0.0.1", port: int = 0) -> None:
        self._target = target
        self._address = address
        self._dumb = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server((address, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._open()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Every connection ends, and no new one is taken."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        yield
        self._listener = socket.create_server((self._address, self.port), backlog=128)
        self._open()

    @contextmanager
    def dumb(self) -> Iterator[None]:
        """A cable is pulled: nothing arrives, nobody is told.

        Connections of before and of meanwhile stay dumb for ever.
        """
        self._dumb.set()
        yield
        self._dumb = threading.Event()

    def lead(self, target: int) -> None:
        """New connections reach another server; those of before live on."""
        self._target = target

    def close(self) -> None:
        """No more."""
        with self.closed(), suppress(OSError):
            pass
        self._listener.close()

    def _open(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                dumb = self._dumb
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                self._pairs.append((client, server))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(source, sink, dumb), daemon=True).start()

    @staticmethod
    def _forward(source: socket.socket, sink: socket.socket, dumb: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not dumb.is_set():
                    sink.sendall(data)
        if not dumb.is_set():
            with suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def way(target: int) -> Iterator[Way]:
    """A way to the server at this port of loopback."""
    made = Way(target)
    try:
        yield made
    finally:
        made.close()
