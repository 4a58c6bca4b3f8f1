"""What does a census of 1,000,000 keys cost the server, and how far off is it?"""

import statistics
import sys
import time

import redis

from collectors import redis_census
from collectors.reading import Entry, Instance, read_once
from prosepolish_core.adapters.redis_observer import Observer

from ._observed import programs, served

KEYS, TICKS = 1_000_000, 20
COMMANDS = ("scan", "memory|usage", "memory", "pttl", "dbsize")
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


def command_time(client: redis.Redis) -> float:
    """Microseconds the server spent in the census's commands."""
    said = client.info("commandstats")
    return float(
        sum(said.get(f"cmdstat_{name}", {"usec": 0})["usec"] for name in ("scan", "memory|usage", "memory", "pttl", "dbsize"))
    )


def main() -> int:
    """Fill, read slices until the sample is complete, compare with the truth."""
    name = sys.argv[1] if len(sys.argv) > 1 else "valkey-9.1"
    with served(programs()[name]) as port, redis.Redis(port=port, protocol=2, socket_timeout=120) as client:
        fill = client.register_script(FILL)
        for part in range(100):
            fill(args=[part, KEYS // 100])
        client.config_set("slowlog-log-slower-than", 500)
        client.slowlog_reset()
        client.config_resetstat()
        instance = Instance("cache", Observer(f"redis://127.0.0.1:{port}/0"))
        entry: Entry[Instance] = Entry("redis_census", "", redis_census.read, timeout_s=5, budget_s=1.0)
        walls = []
        before = client.info("cpu")
        for tick in range(TICKS):
            began = time.monotonic()
            run = read_once(entry, instance, tick)
            walls.append(time.monotonic() - began)
        after = client.info("cpu")
        spent = command_time(client)
        said = client.info("stats")
        slow = [e for e in client.slowlog_get(128) if e["command"].split(b" ")[0].lower() in {b"scan", b"memory", b"pttl"}]
        found = {(s.metric, dict(s.labels).get("family"), dict(s.labels).get("stat")): s.value for s in run.samples}
        charge = instance.observer.charges["redis_census"]
        truth = whole(client)
    total = sum(truth.values())
    value, low, high = (found["census_total_bytes", None, stat] for stat in ("value", "low", "high"))
    cpu = sum(float(after[k]) - float(before[k]) for k in ("used_cpu_user", "used_cpu_sys"))
    print(f"{name}: {found['census_sample', None, None]:,.0f} of {KEYS:,} keys read in {TICKS} ticks")
    print(f"server: {spent / 1e3:.1f} ms in our commands (bar 50 ms), {cpu * 1e3:.0f} ms of CPU in all")
    print(f"longest command: {max((e['duration'] for e in slow), default=0) / 1e3:.2f} ms (0: none over 0.5 ms; bar 1 ms)")
    print(
        f"total bytes: off by {abs(value - total) / total:.2%} (bar 2 %); 95 % interval {low:,.0f} to {high:,.0f} holds it:"
        f" {low <= total <= high}"
    )
    for family, size in sorted(truth.items()):
        print(f"  {family:<10} off by {abs(found['census_bytes', family, 'value'] - size) / size:.2%}")
    print(f"lookups not in the ledger: {said['keyspace_hits'] + said['keyspace_misses'] - charge.hits - charge.misses}")
    print(f"a tick took {statistics.median(walls) * 1e3:.0f} ms (median)")
    return int(abs(value - total) / total > 0.02)


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
