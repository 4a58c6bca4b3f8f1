"""Does /metrics carry every series of redis_exporter with the same value, and is none misattributed?"""

import re
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from collectors import redis_config, redis_info, redis_latency, redis_slowlog
from collectors.reading import ObservedServer, ScheduledRead
from prosepolish_core.errors import ProsePolishError
from prosepolish_core.model.series import Pulse, Reading, SeriesKey
from prosepolish_core.watch.metrics.render import render
from prosepolish_core.watch.redis_info.redis_observer import Observer

from ._observed import debian, debian_environment, free_port, programs, served
from ._record_replies import use
from ._table import row

#: The exporter's own doings, and what it gets wrong: a label value no server has, and values taken by position.
NOT_OURS = re.compile(r"redis_(exporter_|target_scrape|last_key_groups|db\d+_distrib)")
WRONG_THERE = re.compile(r"redis_db_keys_cached")
#: Further looks at a series that had another value.
AGAIN = 4
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
    instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{port}/0"))
    entry: ScheduledRead[ObservedServer] = ScheduledRead("", "", redis_info.read)
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
    answered = Pulse("redis_info", "cache", now, "ok", "", None)
    return render(readings, {"cache": state}, now=now, pulses=[answered])


def between(before: float, there: float, after: float) -> bool:
    """Whether the exporter's value lies between ours before and after its scrape, or near them:
    some gauges go up and down.
    """
    near = 0.25 * max(1.0, abs(there))
    return min(before, after) - near <= there <= max(before, after) + near


class Compared(NamedTuple):
    """What one scrape of the exporter between two of ours comes to."""

    text: str
    here: Series
    there: Series
    false: set[tuple[str, frozenset[tuple[str, str]]]]


def scraped(port: int) -> Compared:
    """Scrape; tell which of the series have another value than the exporter saw in between."""
    earlier, there, text = series(ours(port)), theirs(port), ours(port)
    here = series(text)
    return Compared(
        text, here, there, {k for k in there.keys() & here.keys() & earlier.keys() if not between(earlier[k], there[k], here[k])}
    )


def valid(text: str) -> bool:
    """By prometheus_client's parser and by promtool."""
    try:
        list(text_string_to_metric_families(text))
    except ValueError as error:
        print(f"prometheus_client: {error}")
        return False
    check = subprocess.run([str(debian("promtool")), "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return check.returncode in {0, 3}  # 3: only advice about names, which are the exporter's


def compare(name: str, role: str, port: int) -> bool:
    """Print what one server's scrapes come to; whether every bar is met."""
    found = scraped(port)
    wanted = {key for key in found.there if not WRONG_THERE.match(key[0])}
    missing = sorted({key[0] for key in wanted - found.here.keys()})
    share = len(wanted & found.here.keys()) / len(wanted)
    false = found.false & wanted
    for _ in range(AGAIN):  # a value that moves while it is read differs once; one under the wrong name differs every time
        false = false and false & scraped(port).false
    wrong, good = len(found.there) - len(wanted), valid(found.text)
    who = f"{name} as {role}: "
    print(f"{who}{len(found.here)} series here, {len(found.there)} there, {wrong} of them misattributed by the exporter", end="; ")
    print(f"missing {missing or 'none'}; of another value: {', '.join(sorted(key[0] for key in false)) or 'none'}")
    return all(
        [
            row(who + "the exporter's series on /metrics", ">= 99 %", f"{share:.2%} of {len(wanted)}", share >= 0.99),
            row(who + "misattributed", "0", str(len(false)), not false),
            row(who + "valid by prometheus_client and promtool", "valid", "valid" if good else "not valid", good),
        ]
    )


def main() -> int:
    """Every server, as primary and as replica; 1 when a bar is missed."""
    good = []
    for name, program in programs().items():
        options = ("--latency-monitor-threshold", "1", "--slowlog-log-slower-than", "200")
        with served(program, *options) as port, served(program, "--replicaof", "127.0.0.1", str(port)) as replica:
            use(port)
            time.sleep(4)
            good += [compare(name, "primary", port), compare(name, "replica", replica)]
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
