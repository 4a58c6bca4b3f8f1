"""A Redis server in front of a real one:
commands that a script answers are answered by it, all others by the real server.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hiredis import Reader

#: What is sent for a command; None leaves it to the real server, `HANG_UP` closes the connection instead.
Script = Callable[[list[bytes]], bytes | None]
HANG_UP = b"HANG UP"


@contextmanager
def scripted(script: Script, port: int) -> Iterator[str]:
    """The URL of a server that answers by `script`, and for the rest is the server on `port`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, script, port), daemon=True).start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def _serve(listener: socket.socket, script: Script, port: int) -> None:
    with suppress(OSError):  # the listener was closed: no more connections
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_converse, args=(client, script, port), daemon=True).start()


def _converse(client: socket.socket, script: Script, port: int) -> None:
    reader = Reader()
    with suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as real:
        while data := client.recv(65536):
            reader.feed(data)
            while (command := reader.gets()) is not False:
                answer = script(command)
                if answer == HANG_UP:
                    return
                client.sendall(_asked(real, command) if answer is None else answer)


def _asked(real: socket.socket, command: list[bytes]) -> bytes:
    """The real server's reply, byte by byte as it came."""
    real.sendall(encode(command))
    reader, said = Reader(), b""
    while reader.gets() is False:
        data = real.recv(65536)
        said += data
        reader.feed(data)
    return said


def encode(value: Any) -> bytes:
    """A value as a reply: an exception is an error, a dict a map of the newer protocol, and `None` nothing."""
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, Exception):
        return b"-%b\r\n" % str(value).encode("utf-8", "replace").replace(b"\r", b" ").replace(b"\n", b" ")
    if isinstance(value, float):
        return b",%b\r\n" % repr(value).encode()
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, bytes):
        return b"$%d\r\n%b\r\n" % (len(value), value)
    if isinstance(value, dict):
        return b"%%%d\r\n" % len(value) + b"".join(encode(part) for pair in value.items() for part in pair)
    return b"*%d\r\n" % len(value) + b"".join(map(encode, value))
