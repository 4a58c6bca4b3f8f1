"""PostgreSQL was away: every pool and every kept connection works again soon after,
however long and however hard it was asked.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import NamedTuple
from uuid import uuid4

import pytest

from prosepolish_core.drivers.postgres_lease import AdvisoryLocks
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.live.sessions.postgres_sessions import PostgresSessions
from prosepolish_core.live.users.postgres_people import PostgresPeople
from prosepolish_core.live.words.postgres_words import PostgresWords
from prosepolish_core.model.counts import EventDelta, TelemetryBatch
from prosepolish_core.model.outcome import Family
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter
from prosepolish_core.watch.series.sample_store import SampleStore
from tests.faults.servers import Servers
from tests.support.gate import Gate

pytestmark = pytest.mark.live
#: Two seconds in quiet, and what a busy machine adds.
BACK_S = 8.0
THREADS = 24
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
GUEST, PASSWORD = "pp_guest", "right"

Ask = Callable[[], object]
Break = Callable[[Servers, Gate], AbstractContextManager[None]]


class Users(NamedTuple):
    """Everything that holds a connection to PostgreSQL, by name: how it is asked, and how it is closed."""

    asks: dict[str, Ask]
    closes: list[Callable[[], None]]


def users_of(url: str) -> Users:
    """One of each, as a process has them."""
    pool, flushing = PostgresPool(url, size=4, role="core"), PostgresPool(url, size=1, role="telemetry")
    words, people, locks = PostgresWords(url, size=2), PostgresPeople(url, size=2), AdvisoryLocks(url)
    sessions, samples, process = PostgresSessions(pool), SampleStore(pool), uuid4()
    telemetry = PostgresTelemetryWriter(flushing)
    numbers = iter(range(1, 10**9))

    def flush() -> None:
        telemetry.write(TelemetryBatch(process, next(numbers), events=(EventDelta(EPOCH, "asked", 1),)))

    asks: dict[str, Ask] = {
        "words": lambda: words.get("a", 0.25),
        "invalidate": lambda: words.invalidate("a", 0.5),
        "profiles": lambda: people.read(Family.PROFILE, "u", 0.4),
        "updates": lambda: people.merge(Family.PROFILE, "u", {"n": "x"}, 0.4),
        "sessions": lambda: sessions.find(token_hash="x"),
        "samples": samples.sources,
        "telemetry": flush,
        "lease": locks.session,
    }
    return Users(asks, [pool.close, words.close, people.close, locks.close, telemetry.close])


@contextmanager
def login_refused(servers: Servers, gate: Gate) -> Iterator[None]:
    """The password was changed, and then changed back."""
    servers._sql(f"ALTER ROLE {GUEST} PASSWORD 'another'")
    servers._end_connections()
    yield
    servers._sql(f"ALTER ROLE {GUEST} PASSWORD '{PASSWORD}'")


#: Fault -> how it is made, and the reason that is given meanwhile.
FAULTS: dict[str, tuple[Break, str]] = {
    "killed": (lambda servers, gate: servers.postgres_down(), "PostgreSQL"),
    "stopped": (lambda servers, gate: servers.postgres_hung(), "PostgreSQL did"),
    "refused": (lambda servers, gate: gate.shut(), "PostgreSQL does not answer"),
    "half-open": (lambda servers, gate: gate.silent(), "PostgreSQL did"),
    "wrong password": (login_refused, "PostgreSQL refuses our login"),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers that these tests may break, with a user who needs a password."""
    made = Servers()
    made._sql(f"CREATE ROLE {GUEST} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    rules = made._folder / "data" / "pg_hba.conf"
    rules.write_text(f"local all {GUEST} scram-sha-256\n{rules.read_text()}")
    made._sql("SELECT pg_reload_conf()")
    yield made
    made.close()


@pytest.fixture
def gate(servers: Servers) -> Iterator[Gate]:
    """The door before them."""
    made = Gate(servers.database_url)
    yield made
    made.close()


def reason(ask: Ask) -> str:
    """What it is refused with; empty when it is answered. Anything but our own error is a defect."""
    try:
        ask()
    except StoreUnavailable as error:
        return str(error)
    return ""


def answered_after(asks: dict[str, Ask]) -> dict[str, float]:
    """For each user the seconds until it was answered, everybody asking at once and again and again."""
    began, took = monotonic(), dict[str, float]()

    def until_answered(name: str, ask: Ask) -> None:
        while monotonic() - began < BACK_S:
            if not reason(ask):
                took[name] = monotonic() - began
                return
            sleep(0.02)

    threads = [threading.Thread(target=until_answered, args=pair) for pair in asks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


@pytest.mark.parametrize(("busy", "away_s"), [(False, 0.3), (True, 4.0)], ids=["idle", "busy"])
@pytest.mark.parametrize("fault", FAULTS)
def test_everybody_is_answered_soon_after_it_is_back(fault: str, busy: bool, away_s: float, servers: Servers, gate: Gate) -> None:
    """Asked by nobody, or by 24 threads all the time: the reason is said meanwhile, and afterwards all is as before."""
    breaks, said = FAULTS[fault]
    users = users_of(gate.url(GUEST, PASSWORD))
    assert answered_after(users.asks).keys() == users.asks.keys()
    over, reasons = threading.Event(), set[str]()

    def hammer(ask: Ask) -> None:
        while not over.is_set():
            reasons.add(reason(ask))
            sleep(0.001)

    asks = list(users.asks.values())
    threads = [threading.Thread(target=hammer, args=(asks[n % len(asks)],)) for n in range(THREADS if busy else 0)]
    with breaks(servers, gate):
        for thread in threads:
            thread.start()
        sleep(away_s)
    took = answered_after(users.asks)
    over.set()
    for thread in threads:
        thread.join()
    for close in users.closes:
        close()

    print(fault, "busy" if busy else "idle", {name: round(s, 2) for name, s in took.items()})
    assert took.keys() == users.asks.keys()
    assert not busy or any(each.startswith(said) for each in reasons)
