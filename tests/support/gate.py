"""A door before a real PostgreSQL: open, shut (connections are refused), or silent (half-open:
taken, and nothing ever answers).
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

#: The server's message that names a session: its number, and a key of four bytes.
_SESSION = re.compile(rb"(K\x00\x00\x00\x0c)....(?=....Z\x00\x00\x00\x05I)", re.DOTALL)


class Gate:
    """Forwards bytes both ways to a server that is reached by its socket. What was cut or silent once stays so."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._silent = False
        self._lock = threading.Lock()
        self._pairs: list[socket.socket] = []
        self._taken: list[socket.socket] = []  # while silent; kept, so that nothing closes them
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._path = parts.path
        self._listen()

    def url(self, user: str = "postgres", password: str = "") -> str:
        """The way through the door."""
        return f"postgresql://{user}{password and ':' + password}@127.0.0.1:{self._port}{self._path}?sslmode=disable"

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Every connection is cut, and new ones are refused."""
        self.close()
        yield
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._listen()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing gets through any more, in either direction, and nobody is told; new connections are taken."""
        self._silent = True
        with self._lock:
            self._pairs.clear()
        yield
        self._silent = False

    def close(self) -> None:
        """Cut everything."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._pairs:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._pairs.clear()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if self._silent:
                    self._taken.append(client)
                    continue
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._target)
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._pairs += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if one not in self._pairs:  # silent since: nobody hears of it, and the other side is never told
                    return
                other.sendall(self._passed(data))
            if one in self._pairs:
                other.shutdown(socket.SHUT_RDWR)

    def _passed(self, data: bytes) -> bytes:
        """What of it goes through."""
        return data


class Pooler(Gate):
    """A door that gives its clients numbers of its own for their sessions, as poolers do."""

    def _passed(self, data: bytes) -> bytes:
        return _SESSION.sub(lambda found: found[1] + b"\x00\x00\x00\x01", data)
