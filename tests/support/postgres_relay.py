"""A way to a real PostgreSQL on which the reply to a COMMIT can be lost:
the server commits, the client never hears of it.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit


class Relay:
    """Forwards bytes both ways.

    While `losing`, the connection that sends a COMMIT is cut once the server has answered it.
    """

    def __init__(self, url: str, *, listening: bool = True) -> None:
        self.losing = False
        self.lost = 0
        self._target = f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432"
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))  # the port is ours from here on, and refuses until it is listened on
        parts = urlsplit(url)
        self.url = f"postgresql://{parts.username}@127.0.0.1:{self._listener.getsockname()[1]}{parts.path}?sslmode=disable"
        if listening:
            self.listen()

    def listen(self) -> None:
        """Take connections from now on."""
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No further connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                cut = threading.Event()
                threading.Thread(target=self._forward, args=(client, server, cut), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server, cut), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.losing and b"COMMIT" in data:
                    cut.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _back(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError), client, server:
            while data := server.recv(65536):
                if cut.is_set():
                    self.lost += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)


@contextmanager
def relay(url: str) -> Iterator[Relay]:
    """A relay to the server of this URL, which is reached by its socket."""
    made = Relay(url)
    try:
        yield made
    finally:
        made.close()
