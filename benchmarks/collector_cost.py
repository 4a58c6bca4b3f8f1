"""What does one tick cost us and the server, storage included, beside the field's standard exporter?"""

import os
import random
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import redis

from collectors import redis_info
from collectors.reading import ObservedServer, ScheduledRead
from collectors.run_keeper import RunKeeper
from collectors.spool import Spool
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.sample_store import SampleStore

from ._observed import debian, debian_environment, free_port, programs, served
from ._record_replies import use
from ._schema import store
from ._table import row

ROUNDS, TICKS = 9, 40
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, in the scheduler's nanoseconds."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def stir(client: redis.Redis, chance: random.Random) -> None:
    """A little load, so that every tick's numbers move."""
    pipeline = client.pipeline(transaction=False)
    for _ in range(20):
        pipeline.get(f"dict:word{chance.randrange(400)}")
    pipeline.set(f"dict:word{chance.randrange(200)}", "x" * chance.randrange(300))
    pipeline.execute()


def one_server(name: str, program: Path, database_url: str) -> None:
    """Interleaved rounds of ours and theirs on one server."""
    at, chance = free_port(), random.Random(7)
    with served(program, "--latency-monitor-threshold", "0") as port, tempfile.TemporaryDirectory() as folder:
        use(port)
        client = redis.Redis(port=port, protocol=2)
        server_pid = int(client.info("server")["process_id"])
        exporter = subprocess.Popen(
            [
                str(debian("prometheus-redis-exporter")),
                "-redis.addr",
                f"redis://127.0.0.1:{port}",
                "-web.listen-address",
                f"127.0.0.1:{at}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=debian_environment(),
        )
        pool = PostgresPool(database_url, size=2, role="benchmark")
        spool = Spool(Path(folder))
        keeper = RunKeeper(SampleStore(pool), spool)
        instance = ObservedServer(name, Observer(f"redis://127.0.0.1:{port}/0"))
        entry: ScheduledRead[ObservedServer] = ScheduledRead("redis_info", "", redis_info.read)
        tick = int(time.time())  # a run is stored as it is read: none of them comes late
        ours, theirs, server_ours, server_theirs = [], [], [], []
        samples = 0
        time.sleep(1)
        for number in range(ROUNDS + 1):
            spent, cost = 0.0, 0.0
            calls_before = instance.observer.charges["redis_info"].calls
            for _ in range(TICKS):
                stir(client, chance)
                tick += 1
                server_before, before = cpu_of(server_pid), time.process_time()
                runs = redis_info.sweep([instance], entry, tick)
                keeper.write(runs)
                spent += time.process_time() - before
                cost += cpu_of(server_pid) - server_before
                samples = len(runs[0].samples)
            trips = (instance.observer.charges["redis_info"].calls - calls_before) / TICKS
            exported, exported_cost = 0.0, 0.0
            for _ in range(TICKS // 2):
                stir(client, chance)
                before, server_before = cpu_of(exporter.pid), cpu_of(server_pid)
                urllib.request.urlopen(f"http://127.0.0.1:{at}/metrics", timeout=5).read()
                exported += cpu_of(exporter.pid) - before
                exported_cost += cpu_of(server_pid) - server_before
            if number:  # the first round warms both
                ours.append(spent / TICKS)
                server_ours.append(cost / TICKS)
                theirs.append(exported / (TICKS // 2))
                server_theirs.append(exported_cost / (TICKS // 2))
        if keeper.away:
            raise RuntimeError("the store did not take the runs")
        exporter.terminate()
        exporter.wait()
        instance.observer.close()
        pool.close()
        spool.close()
        client.close()
    report(name, "own CPU a tick, stored (exporter: not stored)", ours, theirs, 1.0)
    report(name, "server CPU a tick", server_ours, server_theirs, 0.25)
    row(f"{name}: round trips a tick, on a kept connection", "<= 2", f"{trips:g}", trips <= 2)
    print(f"{name:<11} {samples} samples; {ROUNDS} rounds of {TICKS} ticks")


def report(name: str, what: str, ours: list[float], theirs: list[float], bar: float) -> None:
    """One line: medians, the best round of each (the machine is shared), and the ratio of the medians."""
    mine, peer = statistics.median(ours) * 1e3, statistics.median(theirs) * 1e3
    best = f"best rounds {min(ours) * 1e3:.3f} and {min(theirs) * 1e3:.3f}"
    row(f"{name}: {what}", f"<= {bar:g} ms", f"{mine:.3f} ms, exporter {peer:.3f} ms: {mine / peer:.2f} x", mine <= bar)
    print(f"{name:<11} {best}")


def main() -> None:
    """Every server this machine has."""
    with store() as database_url:
        for name, program in programs().items():
            one_server(name, program, database_url)


if __name__ == "__main__":
    main()
