"""Can one process observe 1,000 instances every 5 seconds, with parsing and storing real?"""

import json
import random
import re
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from collectors import redis_info
from collectors.reading import ObservedServer, ScheduledRead
from collectors.run_keeper import RunKeeper
from collectors.spool import Spool
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.sample_store import SampleStore

from ._schema import store
from ._table import row

INSTANCES, EVERY_S, TICKS = 1000, 5, 12
RECORDED = Path(__file__).parents[1] / "tests/data/redis_replies/valkey-9.1.json"
MOVING = 60
NUMBER = re.compile(r"(?<=[:=])\d+(?![\d.%])")
MOVES = re.compile(r"used_|total_|keyspace|cmdstat|eventloop|instant|mem_|allocator|rss")


def serve(port: int) -> None:
    """Stands for the instances: answers INFO with a recorded reply in which some sixty numbers grow,
    no two replies alike.
    """
    template, moving = recorded()
    chooser = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", port), backlog=INSTANCES)
    chooser.register(listener, selectors.EVENT_READ)
    chance, grown = random.Random(7), dict.fromkeys(range(moving), 0)
    while True:
        for key, _ in chooser.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                chooser.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj
            data = connection.recv(4096)
            if not data:
                chooser.unregister(connection)
                connection.close()
            elif b"INFO" in data:
                grown = {at: number + 1 + chance.getrandbits(4) for at, number in grown.items()}
                connection.sendall(bulk(template % tuple(grown.values())))
            else:
                connection.sendall(b"+OK\r\n")


def bulk(body: str) -> bytes:
    """A string as RESP2 sends it."""
    return b"$%d\r\n%s\r\n" % (len(body.encode()), body.encode())


def recorded() -> tuple[str, int]:
    """The recorded INFO with a gap for the number of each line that moves on a busy server,
    and how many gaps there are.
    """
    lines = json.loads(RECORDED.read_text())["resp2"]["info"].replace("%", "%%").split("\r\n")
    moving = [at for at, line in enumerate(lines) if MOVES.match(line) and NUMBER.search(line)][:MOVING]
    for at in moving:
        lines[at] = NUMBER.sub("%d", lines[at], count=1)
    return "\r\n".join(lines), len(moving)


def main() -> None:
    """Ticks of all instances; CPU, memory and samples a second."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.collector_scale", "serve", str(port)])
    try:
        time.sleep(1.5)
        with store() as url, tempfile.TemporaryDirectory() as folder:
            measure(port, url, folder)
    finally:
        server.terminate()
        server.wait()


def measure(port: int, url: str, folder: str) -> None:
    """The loop."""
    keeper = RunKeeper(SampleStore(PostgresPool(url, size=2, role="benchmark")), Spool(Path(folder)))
    instances = [ObservedServer(f"i{n}", Observer(f"redis://127.0.0.1:{port}/0")) for n in range(INSTANCES)]
    entry: ScheduledRead[ObservedServer] = ScheduledRead("redis_info", "", redis_info.read, timeout_s=4.0)
    tick = int(time.time()) // EVERY_S * EVERY_S
    busy, wall, samples = [], [], 0
    for number in range(TICKS + 1):
        began, cpu = time.monotonic(), time.process_time()
        runs = redis_info.sweep(instances, entry, tick)
        keeper.write(runs)
        if number:  # the first tick connects and learns the layouts
            busy.append(time.process_time() - cpu)
            wall.append(time.monotonic() - began)
            samples += sum(len(run.samples) for run in runs)
        good = sum(bool(run.samples) for run in runs)
        if good < INSTANCES or keeper.away:
            print(f"tick {number}: {good} of {INSTANCES} read, store {'away' if keeper.away else 'ok'}")
        tick += EVERY_S
        time.sleep(max(0.0, EVERY_S - (time.monotonic() - began)))
    share = sum(busy) / (len(busy) * EVERY_S)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = samples / len(busy) / EVERY_S
    print(f"{INSTANCES} instances every {EVERY_S} s, {samples // len(busy) // INSTANCES} samples each, {len(busy)} ticks:")
    what = f"{INSTANCES:,} instances every {EVERY_S} s: "
    row(what + "of one core", "<= 30 %", f"{share:.1%}", share <= 0.3)
    row(what + "resident at the peak", "<= 300 MB", f"{peak:.0f} MB", peak <= 300)
    row(what + "samples stored a second", ">= 40,000", f"{rate:,.0f}", rate >= 40_000 and max(wall) < EVERY_S)
    print(f"  {samples / sum(wall):,.0f} samples/s while busy")
    print(f"  longest tick {max(wall):.2f} s; {sum(busy) / len(busy) / INSTANCES * 1e3:.2f} ms of CPU an instance-tick, stored")
    for instance in instances:
        instance.observer.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    main()
