"""Are the printed rights enough for every collector, and for nothing else, on every server version at hand?

`python -m benchmarks.collector_rights [NAME=PROGRAM …]` tries further servers too; a name is `redis-7.2`, `valkey-8.0`
and so on.
"""

import sys
from pathlib import Path

import redis
from redis.exceptions import NoPermissionError, ResponseError

from collectors.reading import ObservedServer, read_once
from collectors.schedule import REDIS
from prosepolish_core.watch.redis_info.acl import DIALECTS, setuser
from prosepolish_core.watch.redis_info.redis_observer import Observer

from ._observed import programs, served

#: What no version has, so that a refusal there is no fault of the rules.
LACKING = {"redis-6.2": {"latency|histogram"}}
#: What the rules leave out on purpose: each shows secrets or values, and its collector does with what is left.
WITHHELD = {"config|get", "slowlog|get", "commandlog|get", "psubscribe"}
FORBIDDEN = (
    "GET dict:a",
    "SET dict:a b",
    "CONFIG GET requirepass",
    "CONFIG SET maxmemory 1",
    "SLOWLOG GET",
    "ACL LIST",
    "MONITOR",
    "FLUSHALL",
    "SLOWLOG RESET",
    "CLIENT KILL ID 99",
    "KEYS *",
)


def dialect_of(name: str) -> str:
    """Which dialect of the rules a server takes, by its kind and version."""
    kind, _, version = name.partition("-")
    number = tuple(map(int, version.split(".")))
    if kind == "valkey":
        return "valkey-8.1" if number >= (8, 1) else "redis-7"
    return "redis-7" if number >= (7, 0) else "redis-6.2"


def subject_of(question: str) -> str:
    """The command of a question, without its argument: `config|get` of `config|get maxmemory`."""
    return question.partition("=")[0].partition(" ")[0]


def check(name: str, port: int) -> bool:
    """Run every collector as the user, then try what it must not do."""
    dialect = next(d for d in DIALECTS if d.name == dialect_of(name))
    with redis.Redis(port=port, protocol=2) as client:
        client.set("dict:a", "b")
        client.execute_command(*setuser(dialect, "watcher").replace("PASSWORD", "right").split())
    instance = ObservedServer(name, Observer(f"redis://watcher:right@127.0.0.1:{port}/0"))
    runs = [read_once(entry, instance, 1) for entry in REDIS]
    refused = {r.command for r in instance.observer.refusals.values() if r.reason == "no_permission"}
    refused = {asked for asked in refused if subject_of(asked) not in LACKING.get(name, set()) | WITHHELD}
    absent = sorted(r.command for r in instance.observer.refusals.values() if r.reason != "no_permission")
    instance.forget()
    instance.observer.close()
    allowed = []
    for command in FORBIDDEN:
        with redis.Redis(port=port, protocol=2, username="watcher", password="right", driver_info=None, client_name=None) as client:
            try:
                client.execute_command(*command.split())
                allowed.append(command)
            except NoPermissionError:
                continue
            except ResponseError as error:
                allowed.append(f"{command} ({error})")
    done = sum(bool(run.samples) for run in runs)
    print(f"{name:<11} {done} of {len(REDIS)} collectors gave samples; not known to this version: {', '.join(absent) or 'none'}")
    print(
        f"{'':<11} refused although needed: {', '.join(sorted(refused)) or 'none'}; allowed although forbidden: {allowed or 'none'}"
    )
    return not refused and not allowed


def main() -> int:
    """Every server; 1 when the rules are too tight or too wide somewhere."""
    good = []
    given = {name: Path(path) for name, path in (argument.split("=", 1) for argument in sys.argv[1:])}
    for name, program in sorted((programs() | given).items()):
        with served(program) as port:
            good.append(check(name, port))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
