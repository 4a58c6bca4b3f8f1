"""A used core that is forked never mixes people: each side has connections of its own, of every kind."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from demo.lexicon import lexicon
from demo.standins.entries import wire_entry
from prosepolish_core import Limit
from prosepolish_core.drivers.postgres_pool import Connection, DatabaseFault, PostgresPool
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.drivers.redis_wire import pack
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.live.llm.gemini_genai import GenAiBackend
from prosepolish_core.live.llm.gemini_generativeai import GenerativeAiBackend
from prosepolish_core.live.llm.prompts import CORRECT
from prosepolish_core.live.words.dictionary_api import DictionaryHttp, read_entry
from prosepolish_core.model.llm import LlmReply

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
#: Questions of each side; of two sides that share a connection, one of a few reads the other's answer.
CALLS = 1000
THREADS = 4
AMPLE_S = 60.0
FORKS = 12

#: Asks one question that nobody else asks: whether the answer is the one to it, or None when there was no answer.
Ask = Callable[[str, int], bool | None]


class Addresses(NamedTuple):
    """Where the real servers are."""

    redis: str
    dictionary: str
    gemini: str


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[dict[str, str]]:
    """Both upstreams in a process of their own."""
    command = [sys.executable, "-m", "demo.standins", "--speed", "1000000", "--limit", "100000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture
def addresses(valkey_url: str, stand_ins: dict[str, str]) -> Addresses:
    """An emptied Valkey and both stand-ins."""
    return Addresses(valkey_url, stand_ins["dictionary_api"], stand_ins["gemini"])


def by_redis(at: Addresses) -> Ask:
    """Tier 1."""
    server = cache_server(connect(at.redis, timeout_s=AMPLE_S, pool_size=8, role="test"), timeout_s=AMPLE_S, pool_size=8)

    def ask(who: str, number: int) -> bool:
        key = f"llm:{who}:{number % 50}"
        server._lines.post(pack("SET", key, key), lambda _: None)
        return server.get(key) == key.encode()

    return ask


def by_state(at: Addresses) -> Ask:
    """Limits, and with them the scripts of sessions."""
    limiter = Limiter(connect(at.redis, timeout_s=AMPLE_S, pool_size=8, role="test"), deadline_s=AMPLE_S)
    limits = [Limit(10, per_s=60)]
    return lambda who, number: limiter.check(f"{who}:{number}", limits).remaining == 9


def by_dictionary_api(at: Addresses) -> Ask:
    """Tier 3."""
    source = DictionaryHttp(at.dictionary, per_s=1e6, burst=10**6)
    known = (word for word in lexicon().by_frequency if len(word) > 5 and read_entry(wire_entry(word, lexicon().raw(word) or {})))
    words = list(islice(known, 2 * CALLS + 2))

    def ask(who: str, number: int) -> bool | None:
        word = words[2 * number % len(words) + who.startswith("child")]
        entry = source.fetch(word, AMPLE_S).entry
        return None if entry is None else entry["word"] == word

    return ask


def by_gemini(make: type[GenAiBackend] | type[GenerativeAiBackend]) -> Callable[[Addresses], Ask]:
    """Tier 4, through one of the SDKs."""

    def at_address(at: Addresses) -> Ask:
        backend = make("any", at.gemini)

        def ask(who: str, number: int) -> bool | None:
            reply = backend.generate(CORRECT.request("gemini-3.5-flash-lite", f"Text {number} of the {who}."), AMPLE_S)
            return f"Text {number} of the {who}." in reply.text if isinstance(reply, LlmReply) else None

        return ask

    return at_address


TIERS: dict[str, Callable[[Addresses], Ask]] = {
    "redis": by_redis,
    "state": by_state,
    "dictionary_api": by_dictionary_api,
    "gemini (google-generativeai)": by_gemini(GenerativeAiBackend),
    "gemini (google-genai)": by_gemini(GenAiBackend),
}


def mixed(ask: Ask, who: str, calls: int = CALLS) -> int:
    """How many of these questions, asked by several threads, got another answer than their own;
    all, when many got none.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda number: ask(who, number), range(calls)))
    return answers.count(False) if answers.count(None) <= calls / 100 else calls


def in_a_child(work: Callable[[], int], longest_s: int = 250) -> int:
    """Fork; the child works and says how many answers were wrong. One that hangs is ended, and that is not 0 either."""
    if child := os.fork():
        return child
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # a handler in Python would wait for whatever hangs
    signal.alarm(longest_s)
    try:
        os._exit(min(work(), 200))
    finally:
        os._exit(201)


def said_by(child: int) -> int:
    """What the child said when it ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("tier", TIERS)
def test_two_processes_that_work_at_the_same_time_never_get_each_others_answers(tier: str, addresses: Addresses) -> None:
    """The connections were used and lie idle when the process forks; then both sides ask, with four threads each."""
    ask = TIERS[tier](addresses)
    assert mixed(ask, "before", 2 * THREADS) == 0
    child = in_a_child(lambda: mixed(ask, "child"))
    assert (mixed(ask, "parent"), said_by(child)) == (0, 0)


def test_a_fork_at_any_moment_leaves_both_sides_at_work(addresses: Addresses) -> None:
    """Threads are in the middle of everything when the process forks: no lock stays taken, no thread is waited for."""
    asks = [make(addresses) for make in TIERS.values()]
    over, failed = threading.Event(), []

    def insist(name: str) -> None:
        number = 0
        while not over.is_set():
            number += 1
            failed.extend(ask for ask in asks if not ask(f"{name}-{number}", number))

    assert [ask("before", 0) for ask in asks] == [True] * len(asks)
    crowd = [threading.Thread(target=insist, args=(f"parent{number}",)) for number in range(THREADS)]
    for one in crowd:
        one.start()
    try:
        for fork in range(FORKS):
            child = in_a_child(lambda fork=fork: sum(not ask(f"child{fork}", fork) for ask in asks))  # type: ignore[misc]
            assert said_by(child) == 0
    finally:
        over.set()
        for one in crowd:
            one.join()
    assert failed == []


def test_a_connection_that_is_lent_while_the_process_forks_stays_the_parents(database_url: str) -> None:
    """The child finds it lost and gets one of its own afterwards; the parent goes on in its transaction."""
    pool = PostgresPool(database_url, size=1, role="test")

    def in_its_own() -> int:
        with pool.connection() as own:
            return int(own.execute("SELECT count(*) FROM kept").fetchone() != (0,))

    def work(lent: Connection) -> int:
        try:
            lent.execute("INSERT INTO kept VALUES ('child')")
        except DatabaseFault:
            return in_its_own()
        return 1

    with pool.connection() as connection:
        connection.execute("CREATE TABLE kept (who text)")
    with pool.connection() as connection:
        connection.execute("INSERT INTO kept VALUES ('before')")
        assert said_by(in_a_child(lambda: work(connection))) == 0
        connection.execute("INSERT INTO kept VALUES ('after')")
    with pool.connection() as connection:
        assert connection.execute("SELECT who FROM kept").fetchall() == [("before",), ("after",)]
    pool.close()


@pytest.mark.parametrize("backend", [GenerativeAiBackend, GenAiBackend])
def test_a_child_gets_what_its_parent_was_warming_up(backend: type, addresses: Addresses) -> None:
    """`warm_up()`, and a fork while the SDK is still being imported: parent and child get their answers."""
    script = f"""
import os, sys
from {backend.__module__} import {backend.__name__} as Backend
from prosepolish_core.live.llm.prompts import CORRECT
backend = Backend("any", {addresses.gemini!r})
backend.warm_up()
child = os.fork()
who = "parent" if child else "child"
reply = backend.generate(CORRECT.request("gemini-3.5-flash-lite", f"Text of the {{who}}."), {AMPLE_S})
right = f"Text of the {{who}}." in getattr(reply, "text", "")
if not child:
    os._exit(0 if right else 1)
sys.exit(0 if right and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 else 1)
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=200, check=False).returncode == 0


def test_a_fork_while_threads_write_the_log_leaves_a_child_that_can_write_to_it(tmp_path: Path) -> None:
    """The threads of a core write lines, and a file's own lock is not renewed in a child."""
    handler, over = logging.FileHandler(tmp_path / "log"), threading.Event()
    logger = logging.getLogger("tests.forks")
    logger.addHandler(handler)

    def write() -> None:
        while not over.is_set():
            logger.warning("a line of the parent")

    def one_line() -> int:
        logger.warning("a line of a child")
        return 0

    crowd = [threading.Thread(target=write) for _ in range(THREADS)]
    for one in crowd:
        one.start()
    try:
        assert [said_by(in_a_child(one_line, 20)) for _ in range(40)] == [0] * 40
    finally:
        over.set()
        for one in crowd:
            one.join()
        logger.removeHandler(handler)
        handler.close()
    assert (tmp_path / "log").read_text().count("a line of a child\n") == 40
