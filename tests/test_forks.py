"""A used process that forks: in the child every connection to PostgreSQL is opened anew,
and the parent's go on undisturbed.
"""

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from time import sleep

import pytest

from prosepolish_core import Config, Core
from prosepolish_core.drivers.postgres_lease import SOURCES, AdvisoryLocks
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.lazy import _LOCK
from prosepolish_core.live.users.postgres_people import PostgresPeople
from prosepolish_core.live.words.postgres_words import PostgresWords
from prosepolish_core.model.outcome import Family
from prosepolish_core.model.tier_replies import WordRow
from tests.support.words import entry

pytestmark = [pytest.mark.live, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]
ROUNDS = 500


def in_a_child(action: Callable[[], object]) -> Callable[[], object]:
    """Begin `action` in a forked child; what is returned waits for its result."""
    here, there = os.pipe()
    pid = os.fork()
    if pid == 0:  # the child leaves without running anything of pytest
        said: object = "died"
        with suppress(BaseException):
            said = action()
        os.write(there, json.dumps(said).encode())
        os._exit(0)
    os.close(there)

    def result() -> object:
        with os.fdopen(here) as pipe:
            found: object = json.load(pipe)
        os.waitpid(pid, 0)
        return found

    return result


def test_parent_and_child_never_read_each_others_rows(database_url: str) -> None:
    """Both ask for different rows as fast as they can, on every kind of pool: each gets its own, and 0 are mixed."""
    words, people = PostgresWords(database_url, size=2), PostgresPeople(database_url, size=2)
    pool = PostgresPool(database_url, size=2, role="test")
    names = ["parent", "child"]
    for name in names:
        words.put(name, WordRow(entry=entry(name)), 2)
        people.merge(Family.PROFILE, name, {"name": name}, 2)

    def mixed(name: str) -> list[str]:
        wrong = []
        for number in range(ROUNDS):
            if words.get(name, 2).entry != entry(name):
                wrong.append(f"word {number}")
            if people.read(Family.PROFILE, name, 2).data != {"name": name}:
                wrong.append(f"profile {number}")
            if people.merge(Family.SETTINGS, name, {"n": str(number)}, 2).data != {"n": str(number)}:
                wrong.append(f"update {number}")
            with pool.connection() as connection:
                if connection.execute("SELECT %s, %s", (name, number)).fetchone() != (name, number):
                    wrong.append(f"row {number}")
        return wrong

    assert mixed("parent") == []  # every connection is in use before
    result = in_a_child(lambda: mixed("child"))
    assert (mixed("parent"), result()) == ([], [])
    assert mixed("parent") == []
    for each in (words, people, pool):
        each.close()


def test_a_child_can_make_what_the_parent_was_just_making() -> None:
    """A thread of the parent holds the lock under which parts are made, and does not exist in the child."""
    core = Core.open(Config.from_env({"DATABASE_URL": "postgresql://127.0.0.1:1/none"}))
    assert core.people
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with vars(core)[_LOCK]:
            held.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    result = in_a_child(lambda: type(core.words).__name__)
    over.set()
    thread.join()
    assert result() == "PostgresWords"
    core.close()


def test_a_lease_is_the_parents_alone_and_outlives_the_child(database_url: str) -> None:
    """The child's session is another one and cannot take the lock; its end does not give the parent's back."""
    locks, other = AdvisoryLocks(database_url), AdvisoryLocks(database_url)
    assert locks.take(SOURCES, "cache")
    session = locks.session()

    def child() -> list[object]:
        found: list[object] = [locks.session() == session, locks.take(SOURCES, "cache")]
        locks.close()
        return found

    assert in_a_child(child)() == [False, False]
    assert locks.session() == session
    assert not other.take(SOURCES, "cache")
    locks.close()
    other.close()


def test_a_parent_that_dies_is_noticed_although_its_child_lives_on(database_url: str) -> None:
    """The child keeps no copy of the parent's connection open, so the parent's lease comes free at once."""
    other = AdvisoryLocks(database_url)
    here, there = os.pipe()
    done, finish = os.pipe()
    parent = os.fork()
    if parent == 0:
        locks = AdvisoryLocks(database_url)
        taken = locks.take(SOURCES, "cache")
        if os.fork() == 0:  # lives until the test has seen enough
            os.close(finish)
            os.read(done, 1)
            os._exit(0)
        os.write(there, b"1" if taken else b"0")
        os._exit(0)
    os.close(there)
    assert os.read(here, 1) == b"1"
    os.waitpid(parent, 0)
    try:
        for _ in range(100):
            if taken := other.take(SOURCES, "cache"):
                break
            sleep(0.05)
        assert taken
    finally:
        os.close(finish)
        os.close(done)
        os.close(here)
        other.close()
