"""Does anybody wait longer than the overall deadline, whatever the tiers do?

Lateness per fault script, beside a bare wait.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from itertools import count
from time import perf_counter, sleep
from typing import NamedTuple

import psutil
import psycopg
import redis

from benchmarks._stack import postgres, valkey
from demo.standins import Fault, FaultKind, StandIns
from prosepolish_core import Config, Core
from prosepolish_core.errors import LookupUnavailable
from prosepolish_core.live.corrections import corrector
from prosepolish_core.live.words import Dictionary
from prosepolish_core.live.words.tiers import OVERALL_S

MOST_MS = 10.0
BATCH = 200
HANG, DRIP = Fault(FaultKind.HANG), Fault(FaultKind.DRIP, delay_s=30.0)
SLOW, LATE_503 = Fault(FaultKind.SLOW, delay_s=3.0), Fault(FaultKind.SLOW, delay_s=1.4)
_words = count()


class Script(NamedTuple):
    """What is broken while sixteen callers ask."""

    api: Fault | None = None
    gemini: Fault | None = None
    redis: bool = False
    postgres: bool = False
    api_url: str = ""


#: An address that takes no connection, and gives no answer to the attempt.
SILENT = "silent"
SCRIPTS: dict[str, Script] = {
    "API hangs": Script(HANG),
    "API drips": Script(DRIP),
    "API cannot be connected to": Script(api_url=SILENT),
    "API slow, Gemini hangs": Script(LATE_503, HANG),
    "API hangs, Gemini hangs": Script(HANG, HANG),
    "API drips, Gemini drips": Script(DRIP, DRIP),
    "API resets, Gemini slow": Script(Fault(FaultKind.RESET), SLOW),
    "API truncates, Gemini hangs": Script(Fault(FaultKind.TRUNCATE), HANG),
    "API 503, Gemini drips": Script(Fault(FaultKind.STATUS), DRIP),
    "API sends too much, Gemini hangs": Script(Fault(FaultKind.HUGE), HANG),
    "no API, Gemini hangs": Script(None, HANG, api_url=SILENT),
    "Redis stopped, both hang": Script(HANG, HANG, redis=True),
    "PostgreSQL stopped, both hang": Script(HANG, HANG, postgres=True),
    "everything stopped or hanging": Script(HANG, HANG, redis=True, postgres=True),
    "everything dripping or stopped": Script(DRIP, DRIP, redis=True, postgres=True),
}


class World:
    """Real servers, stand-in upstreams, and a Core over them for each script."""

    def __init__(self, database_url: str, redis_url: str, stand_ins: StandIns, silent: str) -> None:
        self.database_url, self.redis_url, self.stand_ins, self.silent = database_url, redis_url, stand_ins, silent

    def core(self, script: Script) -> Core:
        """With breakers that have seen nothing yet."""
        environ = {
            "REDIS_URL": self.redis_url,
            "DATABASE_URL": self.database_url,
            "DICTIONARY_API_URL": self.silent if script.api_url else self.stand_ins.dictionary_api.url,
            "PROSEPOLISH_DICTIONARY_PER_S": "10000",
            "PROSEPOLISH_DATABASE_POOL_SIZE": "32",
            "PROSEPOLISH_FLUSH_S": "60",
            "GEMINI_API_ENDPOINT": self.stand_ins.gemini.url,
            "GEMINI_API_KEY": "any",
        }
        return Core.open(Config.from_env(environ))

    @contextmanager
    def broken(self, script: Script) -> Iterator[None]:
        """The script's faults, as long as this lasts."""
        ups = ((self.stand_ins.dictionary_api, script.api), (self.stand_ins.gemini, script.gemini))
        with ExitStack() as stack:
            for upstream, fault in ups:
                upstream.script.clear()
                if fault is not None:
                    upstream.script.add(fault)
                stack.callback(upstream.script.clear)
            if script.redis:
                stack.enter_context(self._stopped(self._redis_pids))
            if script.postgres:
                stack.enter_context(self._stopped(self._postgres_pids))
            yield

    def _redis_pids(self) -> list[int]:
        with redis.Redis.from_url(self.redis_url) as client:
            return [int(client.info("server")["process_id"])]

    def _postgres_pids(self) -> list[int]:
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            postmaster = psutil.Process(row[0]).parent()
        assert postmaster is not None
        return [postmaster.pid, *(child.pid for child in postmaster.children(recursive=True))]

    @contextmanager
    def _stopped(self, pids: Callable[[], list[int]]) -> Iterator[None]:
        found = pids()
        for pid in found:
            with suppress(ProcessLookupError):  # a connection's process that has just ended
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(found):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def at_once(callers: int, ask: Callable[[], object], deadline_s: float) -> list[float]:
    """Milliseconds by which each of many callers of one moment came back after the deadline; negative: before it."""
    over: list[float] = []
    together = threading.Barrier(callers)

    def one() -> None:
        together.wait()
        began = perf_counter()
        with suppress(LookupUnavailable):
            ask()
        over.append((perf_counter() - began - deadline_s) * 1000)

    threads = [threading.Thread(target=one) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(over)


def show(name: str, over: list[float]) -> int:
    """One line; how many came too late."""
    late = sum(ms > MOST_MS for ms in over)
    reached = [ms for ms in over if ms > -5]
    median = f"{reached[len(reached) // 2]:6.2f}" if reached else "     -"
    print(f"  {name:<46} {len(over):4d} calls, {len(reached):4d} to the end: p50 {median}, worst {over[-1]:9.2f} ms, {late} late")
    return late


def fresh(core: Core) -> Dictionary:
    """A lookup whose breakers are closed."""
    return Dictionary(core.cache_link, core.words, (core.dictionary_api, core.definer), core.recorder)


def lookups(world: World, script: Script, callers: int, waves: int) -> list[float]:
    """Words that nobody has asked for before, each caller its own."""
    over: list[float] = []
    with world.core(script) as core:
        core.words.get("water", 2.0)
        for _ in range(waves):
            dictionary = fresh(core)
            with world.broken(script):
                over += at_once(callers, partial(_new_word, dictionary), OVERALL_S)
    return sorted(over)


def _new_word(dictionary: Dictionary) -> object:
    return dictionary.lookup(f"zzq{next(_words)}x")


def batches(world: World, script: Script, callers: int, *, others: bool) -> list[float]:
    """Batches of new words; with `others`, of words that another process is loading just now."""
    with world.core(script) as core, world.core(script) if others else nullcontext() as second:
        words = [[f"zzq{next(_words)}x" for _ in range(BATCH)] for _ in range(callers)]
        turns = iter(words)
        with world.broken(script):
            if second is not None:
                ahead = [threading.Thread(target=fresh(second).lookup_many, args=(batch,)) for batch in words]
                for thread in ahead:
                    thread.start()
                sleep(1.0)
            dictionary = fresh(core)
            over = at_once(callers, lambda: dictionary.lookup_many(next(turns)), OVERALL_S)
            if second is not None:
                for thread in ahead:
                    thread.join()
    return over


def corrections(world: World, script: Script, callers: int) -> list[float]:
    """Texts that nobody has asked for before."""
    with world.core(script) as core:
        core.corrector.correct("Teh first text loads the SDK.")
        with world.broken(script):
            return at_once(callers, lambda: core.corrector.correct(f"Teh text {next(_words)}."), corrector.DEADLINE_S)


@contextmanager
def silence() -> Iterator[str]:
    """An address whose queue of connections is full: an attempt gets no answer at all."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def runs(world: World, callers: int, waves: int) -> dict[str, Callable[[], list[float]]]:
    """Every question by its name."""
    both, model = Script(HANG, HANG), Script(None, HANG)
    found: dict[str, Callable[[], list[float]]] = {
        "a bare timed wait": lambda: at_once(callers, lambda: threading.Event().wait(OVERALL_S), OVERALL_S)
    }
    found |= {name: partial(lookups, world, script, callers, waves) for name, script in SCRIPTS.items()}
    found |= {
        f"lookup_many of {BATCH}, both hang": partial(batches, world, both, 4, others=False),
        f"lookup_many of {BATCH} that others load": partial(batches, world, both, 4, others=True),
        "correct, Gemini hangs": partial(corrections, world, model, callers),
        "correct, Gemini drips, Redis stopped": partial(corrections, world, Script(None, DRIP, redis=True), callers),
    }
    return found


def main() -> None:
    """Print every script's lateness."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deadline", description=__doc__)
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--waves", type=int, default=2)
    parser.add_argument("--only", default="", help="scripts whose name contains this")
    given = parser.parse_args()
    late = calls = 0
    with postgres() as database_url, valkey() as (_, redis_url), StandIns(speed=1000) as up, silence() as silent:
        world = World(database_url, redis_url, up, silent)
        print(f"milliseconds after the deadline ({OVERALL_S:g} s for words, {corrector.DEADLINE_S:g} s for texts):")
        for name, run in runs(world, given.callers, given.waves).items():
            if given.only in name:
                over = run()
                calls, late = calls + len(over), late + show(name, over)
    print(f"  more than {MOST_MS:g} ms late: {late} of {calls} calls")


if __name__ == "__main__":
    main()
