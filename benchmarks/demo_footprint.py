"""What does the demo cost: time to the first live numbers, memory of the whole tree, CPU at 50 lookups a second?"""

import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
import psycopg

#: The project's own limits: seconds, megabytes, share of one core.
MOST_START_S, MOST_STOP_S, MOST_MB, MOST_CPU = 15.0, 5.0, 1200.0, 0.60
ADDRESSES = ("REDIS_", "DATABASE_", "DICTIONARY_", "GEMINI_")
#: Both must have rows before a page can show live numbers: what the core counted, and what the collectors read.
LIVE = "SELECT EXISTS (SELECT FROM telemetry_lookup) AND EXISTS (SELECT FROM sample_run)"


#: How long each stack took to stop.
STOPS_S: list[float] = []


class Cost(NamedTuple):
    """One reading of the whole tree."""

    pss_mb: dict[str, float]
    cpu_s: dict[str, float]


@contextmanager
def stack(data: Path, rate: float) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`prosepolish up` on the folder; stopped by Ctrl-C afterwards, which is timed."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if not name.startswith(ADDRESSES)}
    argv = [sys.executable, "-m", "demo", "--port", str(port), "--data-dir", str(data), "--rate", str(rate)]
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL)
    try:
        yield process, port
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(20)
        STOPS_S.append(time.monotonic() - began)


def until_live(process: subprocess.Popen[bytes], data: Path, port: int) -> float:
    """Seconds until the page is served and the numbers it shows are there."""
    began = time.monotonic()
    while process.poll() is None:
        if _page(port) and _has_numbers(data):
            return time.monotonic() - began
        time.sleep(0.1)
    raise SystemExit("the stack did not come up; see its message above")


def cost(process: subprocess.Popen[bytes], data: Path) -> Cost:
    """Proportional memory (shared pages counted once) and CPU seconds so far, per part."""
    noted = json.loads((data / "run.json").read_text(encoding="utf-8"))
    roots = {"supervisor": process.pid} | {child["name"]: child["pid"] for child in noted}
    memory, cpu = {}, {}
    for name, pid in roots.items():
        root = psutil.Process(pid)
        tree = [root] if name == "supervisor" else [root, *root.children(recursive=True)]
        memory[name], cpu[name] = map(sum, zip(*(_of(one) for one in tree), strict=True))
    return Cost(memory, cpu)


def main() -> None:
    """Three fresh starts, then one stack at 50 lookups a second: a warm-up, and CPU and memory over several windows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="fresh starts")
    parser.add_argument("--warm-up", type=float, default=60, help="seconds before the first window")
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--window", type=float, default=20, help="seconds of one window")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pp-footprint-"))
    folder.chmod(0o755)
    try:
        starts, spent = [], []
        for number in range(chosen.rounds):
            with stack(folder / f"start-{number}", 8) as (process, port):
                starts.append(until_live(process, folder / f"start-{number}", port))
                spent.append(sum(cost(process, folder / f"start-{number}").cpu_s.values()))
        _line("fresh start to live numbers", median(starts), MOST_START_S, "s")
        print(f"    each: {', '.join(f'{s:.1f}' for s in starts)} s; CPU spent until then: {median(spent):.1f} s", end="; ")
        print(f"load of the machine now: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        with stack(folder / "load", 50) as (process, port):
            until_live(process, folder / "load", port)
            _load(process, folder / "load", chosen.warm_up, chosen.windows, chosen.window)
        _line("Ctrl-C to the end", median(STOPS_S), MOST_STOP_S, "s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load(process: subprocess.Popen[bytes], data: Path, warm_up: float, windows: int, window: float) -> None:
    first = cost(process, data)
    time.sleep(warm_up)
    readings, moments = [cost(process, data)], [time.monotonic()]
    print(f"cold minute at 50 lookups/s: {sum(_spent(first, readings[0]).values()) / warm_up:.0%} of one core")
    for _ in range(windows):
        time.sleep(window)
        readings.append(cost(process, data))
        moments.append(time.monotonic())
    pairs = list(zip(readings, readings[1:], moments, moments[1:], strict=False))
    shares = [{name: s / (t1 - t0) for name, s in _spent(a, b).items()} for a, b, t0, t1 in pairs]
    _line("CPU at 50 lookups/s", median(sum(share.values()) for share in shares), MOST_CPU, "of one core")
    _parts({name: median(share[name] for share in shares) for name in shares[0]}, "{:.1%}")
    _line("memory of the whole tree", median(sum(r.pss_mb.values()) for r in readings[1:]), MOST_MB, "MB")
    _parts(readings[-1].pss_mb, "{:.0f} MB")


def _spent(before: Cost, after: Cost) -> dict[str, float]:
    return {name: after.cpu_s[name] - before.cpu_s.get(name, 0.0) for name in after.cpu_s}


def _of(process: psutil.Process) -> tuple[float, float]:
    """Memory in MB and CPU seconds of one process; nothing for one that has just ended."""
    try:
        with process.oneshot():
            times = process.cpu_times()
            return process.memory_full_info().pss / 2**20, times.user + times.system + times.children_user + times.children_system
    except psutil.NoSuchProcess:
        return 0.0, 0.0


def _page(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1.0)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _has_numbers(data: Path) -> bool:
    try:
        settings: Mapping[str, str] = dict(line.split("=", 1) for line in (data / "env").read_text(encoding="utf-8").splitlines())
        with psycopg.connect(shlex.split(settings["DATABASE_URL"])[0], connect_timeout=2) as connection:
            row = connection.execute(LIVE).fetchone()
    except (OSError, KeyError, psycopg.Error):
        return False
    return bool(row and row[0])


def _line(what: str, value: float, limit: float, unit: str) -> None:
    print(f"{what}: {value:.2f} {unit} (limit {limit:g}, ratio {value / limit:.2f})")


def _parts(values: Mapping[str, float], form: str) -> None:
    print("    " + ", ".join(f"{name} {form.format(value)}" for name, value in sorted(values.items(), key=lambda v: -v[1])))


if __name__ == "__main__":
    main()
