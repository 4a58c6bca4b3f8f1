"""Addresses on loopback that can be closed, swallow what is sent to them, or lead to another server.

A process of its own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import PIPE, Popen

#: Closes a connection with a reset, as the kernel does for a process that was killed.
RESET = struct.pack("ii", 1, 0)


class Switch:
    """The control of the process: one line of JSON each way."""

    def __init__(self, process: Popen[str]) -> None:
        self._process = process

    def __call__(self, do: str, name: str, port: int = 0) -> int:
        """`add`, `refuse`, `swallow`, `lead` (old connections are reset), `lead_new` (old ones stay) or `count`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([do, name, port]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def switch() -> Iterator[Switch]:
    """A switch without addresses."""
    with Popen([sys.executable, __file__], stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield Switch(process)
        finally:
            process.terminate()


class Address:
    """One address. `target` is the port it leads to; a connection that was swallowed once is dead for ever."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.accepted = 0
        self._swallowing = False
        self._server: asyncio.Server | None = None
        self._open: set[End] = set()

    async def listen(self) -> None:
        """Take connections, at the same port as before."""
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(lambda: Near(self), "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        self._swallowing = False

    def refuse(self) -> None:
        """Nobody listens any more, and every connection is reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def swallow(self) -> None:
        """Take connections and bytes, and do nothing with them. The servers see their clients go."""
        self._swallowing = True
        for end in list(self._open):
            end.swallow()

    def cut(self) -> None:
        """Reset every connection."""
        for end in list(self._open):
            end.reset()

    def opened(self, near: Near) -> None:
        """A client has connected."""
        self.accepted += 1
        self._open.add(near)
        if self._swallowing:
            near.swallow()
        else:
            near.connecting = asyncio.get_running_loop().create_task(self._connect(near))

    def closed(self, near: End) -> None:
        """A connection is over."""
        self._open.discard(near)

    async def _connect(self, near: Near) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: Far(near), "127.0.0.1", self.target)
        except OSError:
            near.reset()


class End(asyncio.Protocol):
    """One end of a forwarded connection."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: End | None = None
        self.swallowed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        if not self.swallowed and self.other and self.other.transport:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other and self.other.transport and not self.other.swallowed:
            self.other.transport.close()

    def swallow(self) -> None:
        """From now on nothing goes through, and this end does not say so."""
        self.swallowed = True
        if self.other and self.other.transport:
            self.other.transport.abort()

    def reset(self) -> None:
        """End it with a reset."""
        for end in (self, self.other):
            if end and end.transport and not end.transport.is_closing():
                with suppress(OSError):  # it was closed a moment ago
                    end.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.transport.abort()


class Near(End):
    """The client's end. What comes before the server's end is there waits in the transport."""

    connecting: asyncio.Task[None] | None = None

    def __init__(self, address: Address) -> None:
        super().__init__()
        self._address = address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport
        self.transport.pause_reading()
        self._address.opened(self)
        if self.swallowed:
            self.transport.resume_reading()

    def swallow(self) -> None:
        if self.connecting is not None:
            self.connecting.cancel()
        super().swallow()
        if self.transport:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._address.closed(self)
        super().connection_lost(exc)


class Far(End):
    """The server's end."""

    def __init__(self, near: Near) -> None:
        super().__init__()
        self.other, near.other = near, self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport
        assert self.other
        assert self.other.transport
        if self.other.transport.is_closing() or self.other.swallowed:
            self.transport.abort()
        else:
            self.other.transport.resume_reading()


async def _obey(do: str, name: str, port: int, addresses: dict[str, Address]) -> int:
    address = addresses.setdefault(name, Address(port))
    match do:
        case "refuse":
            address.refuse()
        case "swallow":
            address.swallow()
        case "add" | "lead" | "lead_new":
            address.target = port or address.target
            await address.listen()
            if do == "lead":
                address.cut()
    return address.accepted if do == "count" else address.port


async def main() -> None:
    """Do what each line of input says, and answer it with a number, until the input ends."""
    addresses: dict[str, Address] = {}
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        do, name, port = json.loads(line)
        print(await _obey(do, name, port, addresses), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
