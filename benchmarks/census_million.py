"""What does a census of 1,000,000 keys cost the server, and how far off is it?"""

import argparse
import os
import random
import statistics
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import redis

from collectors import redis_census
from collectors.reading import ObservedServer, ScheduledRead, read_once
from collectors.redis_census import SAMPLE_KEYS, SLICE_KEYS
from prosepolish_core.watch.redis_info.census import Slice, estimate
from prosepolish_core.watch.redis_info.redis_observer import Observer

from ._observed import programs, served
from ._table import row

KEYS, TICKS = 1_000_000, SAMPLE_KEYS // SLICE_KEYS
#: The repetitions: so many keys, filled anew with each seed, walked once; then samples of its pages, drawn at random.
REPEATED_KEYS, DRAWS = 100_000, 300
SEEDS = (1, 2, 3)
COMMANDS = ("scan", "memory|usage", "memory", "pttl", "dbsize")
ENTRY: ScheduledRead[ObservedServer] = ScheduledRead("redis_census", "", redis_census.read, timeout_s=5, budget_s=1.0)
#: Sizes as a cache has them: words of some hundred bytes, answers of some thousand, a few above 10 KB.
FILL = """
math.randomseed(tonumber(ARGV[1]))
for n = 1, tonumber(ARGV[2]) do
  local draw = math.random()
  local id = ARGV[1] .. '-' .. n
  if draw < 0.70 then redis.call('SET', 'dict:' .. id, string.rep('x', 100 + math.random(600)), 'EX', 3600)
  elseif draw < 0.90 then redis.call('SET', 'llm:correct:' .. id, string.rep('y', 50 + math.random(400)), 'EX', 86400)
  elseif draw < 0.99 then redis.call('SET', 'user:' .. id, string.rep('z', 200), 'EX', 900)
  elseif draw < 0.9995 then redis.call('SET', 'settings:' .. id, 's')
  else redis.call('SET', 'llm:define:' .. id, string.rep('w', 12000), 'EX', 86400) end
end"""


def fill(client: redis.Redis, keys: int, seed: int) -> None:
    """A cache of so many keys."""
    script = client.register_script(FILL)
    for part in range(100):
        script(args=[seed * 1000 + part, keys // 100])


def command_time(client: redis.Redis) -> float:
    """Microseconds by the clock that the server was in the census's commands;
    others may have had the processor meanwhile.
    """
    said = client.info("commandstats")
    return float(sum(said.get(f"cmdstat_{name}", {"usec": 0})["usec"] for name in COMMANDS))


def cpu_ms(client: redis.Redis) -> float:
    """What the server has used of the processor, by its CPU clock."""
    said = client.info("cpu")
    return sum(float(said[k]) for k in ("used_cpu_user", "used_cpu_sys")) * 1e3


def idle(client: redis.Redis, seconds: float = 3.0) -> float:
    """The share of a core that a server with so many keys uses by itself: expiry, resizing, its timers."""
    before, began = cpu_ms(client), time.monotonic()
    time.sleep(seconds)
    return (cpu_ms(client) - before) / ((time.monotonic() - began) * 1e3)


def longest(client: redis.Redis, names: frozenset[bytes]) -> float:
    """The longest of these commands by the server's own slow log, in milliseconds; it notes everything above 50 us."""
    times = [e["duration"] for e in client.slowlog_get(-1) if e["command"].split(b" ")[0].upper() in names]
    return max(times, default=0) / 1e3


def descheduled(pid: int) -> int:
    """How often a process had to leave the processor to another one."""
    return int(Path(f"/proc/{pid}/status").read_text().split("nonvoluntary_ctxt_switches:")[1].split()[0])


def million(name: str, program: Path, keys: int) -> bool:
    """Fill, read slices until the sample is complete, compare with the truth; False when a bar is missed."""
    with served(program) as port, redis.Redis(port=port, protocol=2, socket_timeout=120) as client:
        fill(client, keys, 0)
        pid = int(client.info("server")["process_id"])
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, pid, -20)  # the slow log counts the time in which others have the processor too
        client.config_set("slowlog-max-len", 100_000)
        client.config_set("slowlog-log-slower-than", 50)
        client.slowlog_reset()
        client.config_resetstat()
        instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{port}/0"))
        walls = []
        before, stood_aside = cpu_ms(client), descheduled(pid)
        for tick in range(TICKS):
            began = time.monotonic()
            run = read_once(ENTRY, instance, tick)
            walls.append(time.monotonic() - began)
        cpu, stood_aside = cpu_ms(client) - before, descheduled(pid) - stood_aside
        spent, idle_share = command_time(client), idle(client)
        said = client.info("stats")
        slowest = longest(client, frozenset({b"SCAN", b"MEMORY", b"PTTL", b"DBSIZE"}))
        found = {(s.metric, dict(s.labels).get("family"), dict(s.labels).get("stat")): s.value for s in run.samples}
        charge = instance.observer.charges["redis_census"]
        instance.observer.close()
        truth = whole(client)
    total = sum(truth.values())
    value, low, high = (found["census_total_bytes", None, stat] for stat in ("value", "low", "high"))
    housekeeping = idle_share * sum(walls) * 1e3
    cpu -= housekeeping
    off = abs(value - total) / total
    phantom = said["keyspace_hits"] + said["keyspace_misses"] - charge.hits - charge.misses
    print(f"{name}: {found['census_sample', None, None]:,.0f} of {keys:,} keys read in {TICKS} ticks, {charge.calls:,} commands")
    what = f"{name}: census of {keys:,} keys: "
    seen = f"{cpu:.0f} ms, {spent / 1e3:.0f} of them in our commands ({housekeeping:.0f} ms of its own taken off)"
    good = [
        row(what + "server CPU", "<= 50 ms", seen, cpu <= 50),
        row(
            what + "longest command",
            "<= 1 ms",
            f"{slowest:.2f} ms (put off the processor {stood_aside} times)",
            slowest <= 1.0,
        ),
        row(what + "error of total bytes", "<= 2 %", f"{off:.2%}", off <= 0.02),
        row(what + "lookups not in the ledger", "0", str(phantom), not phantom),
    ]
    print(f"  95 % interval {low:,.0f} to {high:,.0f} holds {total:,}: {low <= total <= high}")
    each = ", ".join(f"{f} {abs(found['census_bytes', f, 'value'] - size) / size:.2%}" for f, size in sorted(truth.items()))
    print(f"  by family off by: {each}")
    print(f"  a tick took {statistics.median(walls) * 1e3:.0f} ms (median)")
    return all(good)


def coverage(name: str, program: Path, seeds: tuple[int, ...]) -> None:
    """How often the 95 % interval holds the truth, for samples as large as the collector's."""
    held: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    errors = []
    for seed in seeds:
        chance = random.Random(seed)
        with served(program) as port, redis.Redis(port=port, protocol=2, socket_timeout=120) as client:
            fill(client, REPEATED_KEYS, seed)
            observer = Observer(f"redis://127.0.0.1:{port}/0")
            memory, pages = redis_census.CensusMemory(), []
            while not memory.passes:
                pages.append(redis_census.read_slice(observer, memory, ENTRY, 1))
            observer.close()
        truth = estimate(pages, REPEATED_KEYS)
        sizes = {counted.family: counted.size.value for counted in truth.families}
        for _ in range(DRAWS):
            sample = chance.sample(pages, len(pages) * SAMPLE_KEYS // REPEATED_KEYS)
            errors.append(look(sample, truth.total_size.value, sizes, held, asked))
    shares = ", ".join(f"{what} {held[what] / asked[what]:.1%}" for what in sorted(asked))
    total = held["total"] / asked["total"]
    row(f"{name}: 95 % intervals that hold the true total", ">= 93 %", f"{total:.1%} of {len(errors)} samples", total >= 0.93)
    print(f"  samples of {SAMPLE_KEYS:,} from {REPEATED_KEYS:,} keys ({len(seeds)} keyspaces): {shares}")
    print(f"  total bytes off by {statistics.median(errors):.2%} in the median, {max(errors):.2%} at worst")


def look(sample: list[Slice], total: float, sizes: dict[str, float], held: Counter[str], asked: Counter[str]) -> float:
    """Count which intervals of one sample hold the truth; gives how far off its total is."""
    found = estimate(sample, REPEATED_KEYS)
    intervals = {"total": (found.total_size, total)} | {c.family: (c.size, sizes[c.family]) for c in found.families}
    for what, (estimated, true) in intervals.items():
        asked[what] += 1
        held[what] += estimated.low <= true <= estimated.high
    return abs(found.total_size.value - total) / total


def main() -> int:
    """Every server at hand, or the named ones; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.census_million", description=__doc__)
    parser.add_argument("server", nargs="*", help="default: all")
    parser.add_argument("--keys", type=int, default=KEYS)
    chosen = parser.parse_args()
    good = []
    for name, program in programs().items():
        if not chosen.server or name in chosen.server:
            good.append(million(name, program, chosen.keys))
            coverage(name, program, SEEDS)
    return 0 if good and all(good) else 1


def whole(client: redis.Redis) -> dict[str, int]:
    """The true bytes by family, from a full walk (after the measurement)."""
    sums: dict[str, int] = {}
    cursor = 0
    while True:
        cursor, keys = client.scan(cursor, count=5000)
        pipeline = client.pipeline(transaction=False)
        for key in keys:
            pipeline.memory_usage(key)
        for key, size in zip(keys, pipeline.execute(), strict=True):
            family = key.split(b":")[0].decode()
            sums[family] = sums.get(family, 0) + size
        if cursor == 0:
            return sums


if __name__ == "__main__":
    sys.exit(main())
