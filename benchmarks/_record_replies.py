"""Records what real servers reply, for tests/data: `python -m benchmarks._record_replies [NAME=PROGRAM …]`.

Without arguments, of the servers the other benchmarks know; with arguments, of these (a version that no wheel brings).
"""

import json
import re
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import redis

from prosepolish_core.watch.redis_info.redis_observer import Observer

from ._observed import programs, served

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "redis_replies"
COMMANDS = {
    "info": ("INFO", "everything"),
    "latency_histogram": ("LATENCY", "HISTOGRAM"),
    "latency_latest": ("LATENCY", "LATEST"),
    "slowlog": ("SLOWLOG", "GET", 16),
    "commandlog": ("COMMANDLOG", "GET", 16, "large-request"),
    "client_list": ("CLIENT", "LIST"),
    "memory_stats": ("MEMORY", "STATS"),
    "config": ("CONFIG", "GET", "maxmemory-policy"),
    "cluster_info": ("CLUSTER", "INFO"),
}
#: Lines that tell of the machine, not of the server.
LOCAL = re.compile(r"^(executable|config_file|os|gcc_version|monotonic_clock):.*$", re.MULTILINE)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    for name, program in ({name: Path(path) for name, path in given.items()} or programs()).items():
        with ExitStack() as stack:
            port = stack.enter_context(served(program, "--latency-monitor-threshold", "1", "--slowlog-log-slower-than", "200"))
            replica = stack.enter_context(served(program, "--replicaof", "127.0.0.1", str(port)))
            use(port)
            time.sleep(2.5)
            replies = {f"resp{p}": record(port, p) for p in (2, 3)}
            replies["replica"] = {"info": record(replica, 2)["info"]}
        (FOLDER / f"{name}.json").write_text(json.dumps(replies, indent=1, sort_keys=True) + "\n")
        print(name, len(replies["resp2"]["info"]), "bytes of INFO")


def use(port: int) -> None:
    """A little of everything that leaves a trace."""
    with redis.Redis(port=port, protocol=2) as client:
        for n in range(200):
            client.set(f"dict:word{n}", "x" * n, ex=3600 + n)
            client.get(f"dict:word{n}")
            client.get(f"dict:none{n}")
        client.hset("settings:7", mapping={"theme": "dark"})
        client.lpush("user:7:sessions", "a", "b")
        for wrong in (("GET", "settings:7"), ("NOSUCHCOMMAND",), ("EVAL", "return redis.error_reply('MY:ERR x')", 0)):
            with suppress(redis.ResponseError):
                client.execute_command(*wrong)
        client.eval("local x = 0 for i = 1, 3000000 do x = x + i end return x", 0)
        client.execute_command("SELECT", 3)
        client.set("session:big", "x" * 2_000_000)  # over the limit of Valkey's log of large requests
        client.delete("session:big")
    with redis.Redis(port=port, db=3) as other:
        other.set("a", 1)


def record(port: int, protocol: int) -> dict[str, Any]:
    """Every reply as plain JSON: bytes as text, maps as lists of pairs under the word `map`."""
    observer = Observer(f"redis://127.0.0.1:{port}/0?protocol={protocol}")
    replies = observer.ask_all("record", list(COMMANDS.values()))
    observer.close()
    found = {name: plain(reply) for name, reply in zip(COMMANDS, replies, strict=True) if not isinstance(reply, Exception)}
    found["info"] = LOCAL.sub(lambda match: f"{match[1]}:", found["info"])
    return found


def plain(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "replace")
    if isinstance(reply, dict):
        return {"map": [[plain(key), plain(value)] for key, value in reply.items()]}
    return [plain(item) for item in reply] if isinstance(reply, list | tuple) else reply


if __name__ == "__main__":
    main()
