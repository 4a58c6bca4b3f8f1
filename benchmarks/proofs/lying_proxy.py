"""A loopback proxy that lies about replies: drops, cuts, delays and duplicates them. Runs in a process of its own."""

import asyncio
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

#: Share of replies, in percent, that meet each fault.
FAULTS = {"drop": 1.0, "cut": 1.0, "delay": 2.0, "duplicate": 1.0, "late_duplicate": 1.0, "slice": 1.0}


@contextmanager
def lying_proxy(port: int, seed: int) -> Iterator[int]:
    """The port of a proxy in front of this server."""
    process = Popen([sys.executable, __file__, str(port), str(seed)], stdin=PIPE, stdout=PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=10)


class Proxy:
    """Forwards requests as they are; each chunk of reply bytes may meet one fault.

    The hand-shake of a connection is spared.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._numbers = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        scripts = asyncio.Event()
        tasks = [
            asyncio.create_task(self._forward(reader, server_writer, scripts)),
            asyncio.create_task(self._reply(server_reader, writer, scripts)),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        server_writer.close()
        writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scripts: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if b"EVAL" in data:
                scripts.set()
            writer.write(data)

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scripts: asyncio.Event) -> None:
        while data := await reader.read(65536):
            fault = self._draw() if scripts.is_set() else None
            if fault == "drop":
                continue
            if fault == "cut":
                writer.write(data[: self._numbers.randrange(len(data))])
                await writer.drain()
                return
            if fault == "delay":
                await asyncio.sleep(self._numbers.uniform(0.002, 0.1))
            if fault == "slice":
                for i in range(0, len(data), 7):
                    writer.write(data[i : i + 7])
                    await asyncio.sleep(0.012)
                continue
            writer.write(data)
            if fault == "duplicate":
                writer.write(data)
            if fault == "late_duplicate":
                await asyncio.sleep(self._numbers.uniform(0.0, 0.01))
                writer.write(data)

    def _draw(self) -> str | None:
        number = self._numbers.uniform(0, 100)
        for fault, share in FAULTS.items():
            number -= share
            if number < 0:
                return fault
        return None


async def main() -> None:
    """Serve until killed; the first line of output is the port."""
    proxy = Proxy(int(sys.argv[1]), int(sys.argv[2]))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
