"""Does /metrics carry every series of redis_exporter with the same value, and is none misattributed?"""

import re
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime

from collectors import redis_config, redis_info, redis_latency, redis_slowlog
from collectors.reading import Entry, Instance
from prosepolish_core.adapters.redis_observer import Observer
from prosepolish_core.errors import ProsePolishError
from prosepolish_core.exposition import render
from prosepolish_core.ports import Reading, SeriesKey

from ._observed import debian, debian_environment, free_port, programs, served
from ._record_replies import use
from ._table import row

#: The exporter's own doings, and what it gets wrong: a label value no server has, and values taken by position.
NOT_OURS = re.compile(r"redis_(exporter_|target_scrape|last_key_groups|db\d+_distrib)")
WRONG_THERE = re.compile(r"redis_db_keys_cached")
COLLECTORS = (redis_info.read, redis_latency.read, redis_slowlog.read, redis_config.read)
SERIES = re.compile(r"^(redis_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def series(text: str) -> Series:
    """Name and labels -> value; info metrics by name only."""
    found: Series = {}
    for name, labels, value in SERIES.findall(text):
        if not NOT_OURS.match(name):
            named = frozenset(pair for pair in LABEL.findall(labels) if pair[0] != "instance")
            found[name, frozenset() if name.endswith("_info") else named] = float(value)
    return found


def theirs(port: int) -> Series:
    """One scrape of the exporter."""
    at = free_port()
    command = [str(debian("prometheus-redis-exporter")), "-redis.addr", f"redis://127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "-web.listen-address", f"127.0.0.1:{at}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=debian_environment(),
    )
    try:
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{at}/metrics", timeout=5) as reply:
                    return series(reply.read().decode())
            except OSError:
                time.sleep(0.05)
    finally:
        process.terminate()
        process.wait()
    raise RuntimeError("the exporter did not answer")


def ours(port: int) -> str:
    """Our text for the same server."""
    instance = Instance("cache", Observer(f"redis://127.0.0.1:{port}/0"))
    entry: Entry[Instance] = Entry("", "", redis_info.read)
    now = datetime.now(UTC)
    readings, state = [], {}
    for read in COLLECTORS:
        try:
            found = read(instance, entry)
        except ProsePolishError as error:
            print(f"  {read.__module__}: {error}")
            continue
        state = {**found.state, **state}
        readings += [Reading(SeriesKey("cache", s.metric, s.labels), s.kind, s.unit, s.value, now) for s in found.samples]
    instance.observer.close()
    return render(readings, {"cache": state}, now=now)


def between(before: float, there: float, after: float) -> bool:
    """Whether the exporter's value lies between ours before and after its scrape, or near them: some gauges go up and down."""
    near = 0.25 * max(1.0, abs(there))
    return min(before, after) - near <= there <= max(before, after) + near


def compare(name: str, role: str, port: int) -> float:
    """Print what one server's two scrapes come to; the share of the exporter's series that we have."""
    earlier, there, text = series(ours(port)), theirs(port), ours(port)
    here = series(text)
    wanted = {key for key in there if not WRONG_THERE.match(key[0])}
    missing = sorted({key[0] for key in wanted - here.keys()})
    share = len(wanted & here.keys()) / len(wanted)
    false = sorted(k[0] for k in wanted & here.keys() & earlier.keys() if not between(earlier[k], there[k], here[k]))
    wrong = len(there) - len(wanted)
    promtool = [str(debian("promtool")), "check", "metrics"]
    check = subprocess.run(promtool, input=text, capture_output=True, text=True, check=False)
    row(f"{name} as {role}: the exporter's series on /metrics", ">= 99 %", f"{share:.2%} of {len(wanted)}", share >= 0.99)
    row(f"{name} as {role}: series with another value than the server's", "0", str(len(false)), not false)
    print(f"{name:<11}{role:<8}{len(here):>5} series here,{len(there):>4} there, {wrong} of them misattributed by the exporter")
    print(f"{'':<19} missing {missing or 'none'}; of another value: {', '.join(false) or 'none'}")
    print(f"{'':<19} promtool: {'syntax error' if check.returncode == 1 else 'valid'}")
    return share if check.returncode in {0, 3} else 0.0  # 3: only advice about names, which are the exporter's


def main() -> int:
    """Every server, as primary and as replica; 1 when the worst share is under 99 %."""
    worst = 1.0
    for name, program in programs().items():
        options = ("--latency-monitor-threshold", "1", "--slowlog-log-slower-than", "200")
        with served(program, *options) as port, served(program, "--replicaof", "127.0.0.1", str(port)) as replica:
            use(port)
            time.sleep(4)
            worst = min(worst, compare(name, "primary", port), compare(name, "replica", replica))
    print(f"worst {worst:.2%} (bar 99 %)")
    return int(worst < 0.99)


if __name__ == "__main__":
    sys.exit(main())
