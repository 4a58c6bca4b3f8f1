"""Every fault below us, and what each service of the Core says meanwhile:
a typed answer in time, and all well soon after.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic, sleep

import pytest

from demo.standins import StandIns
from prosepolish_core import Config, Core
from tests.faults.servers import Servers
from tests.faults.services import SERVICES, SLACK, WELL, Visit, ask
from tests.support.waiting import PATIENCE_S, PATIENT

pytestmark = pytest.mark.live
#: Until then all is well again, or never: how soon is for `make recovery` to measure.
HEALED_S = PATIENCE_S
#: So long does what a fault must not touch get to be well beside it.
UNTOUCHED_S = 20.0

Break = Callable[[Servers], AbstractContextManager[None]]
Said = dict[str, str]


def both(first: Break, second: Break) -> Break:
    """Two faults at once."""

    @contextmanager
    def broken(servers: Servers) -> Iterator[None]:
        with first(servers), second(servers):
            yield

    return broken


#: Nothing of Redis can be used: all that has a second source answers from it, and everything says so.
NO_REDIS = {
    **dict.fromkeys(("lookup", "lookup new", "lookup_many", "correct", "profile", "preferences", "update"), "degraded"),
    **dict.fromkeys(("limit", "verify"), "degraded"),
    "invalidate": "owed",
    "log out": "unconfirmed",
    "clear": "incomplete",
    "health": "down/up",
}
#: Hits go on; what would have to be written is not.
NO_WRITES = {
    **dict.fromkeys(("lookup new", "preferences", "update", "limit", "verify"), "degraded"),
    "invalidate": "owed",
    "log out": "unconfirmed",
    "clear": "incomplete",
}
#: A full server still deletes, and looks at sessions it has.
FULL = {"lookup new": "degraded", "preferences": "degraded", "limit": "degraded", "log out": "unconfirmed"}
#: The copies in Redis go on; what only PostgreSQL knows, and every durable write, is refused by an error of our own.
NO_WRITES_TO_POSTGRES = {
    "invalidate": "owed",
    "update": "StoreUnavailable",
    **dict.fromkeys(("log in", "rotate", "log out"), "SessionUnavailable"),
    "flush": "kept",
}
NO_POSTGRES = NO_WRITES_TO_POSTGRES | {"lookup new": "degraded", "preferences": "LookupUnavailable", "health": "up/down"}
#: Words still come from the API and corrections from the model.
NEITHER = NO_REDIS | NO_POSTGRES | {"profile": "LookupUnavailable", "verify": "SessionUnavailable", "health": "down/down"}

#: Fault -> how it is made, and what is then said that is not "ok".
FAULTS: dict[str, tuple[Break, Said]] = {
    "redis down": (Servers.redis_down, NO_REDIS),
    "redis hung": (Servers.redis_hung, NO_REDIS),
    "redis loading": (Servers.redis_loading, NO_REDIS | {"health": "degraded/up"}),
    "redis stale": (Servers.redis_stale, NO_REDIS),
    "redis busy": (Servers.redis_busy, NO_REDIS),
    "redis full of clients": (Servers.redis_full_of_clients, NO_REDIS),
    "redis wants a password": (Servers.redis_wants_a_password, NO_REDIS),
    "redis read-only": (Servers.redis_read_only, NO_WRITES | {"health": "degraded/up"}),
    "redis cannot save": (Servers.redis_cannot_save, NO_WRITES | {"health": "degraded/up"}),
    "redis without replicas": (
        lambda s: s.redis_set("min-replicas-to-write", "1", "0"),
        NO_WRITES | {"health": "degraded/up"},
    ),
    "redis full": (lambda s: s.redis_set("maxmemory", "1", "0"), FULL | {"health": "degraded/up"}),
    "redis restarted": (Servers.redis_restarted, {}),
    "redis forgot scripts": (Servers.redis_forgot_scripts, {}),
    "postgres down": (Servers.postgres_down, NO_POSTGRES),
    "postgres hung": (Servers.postgres_hung, NO_POSTGRES),
    "postgres read-only": (Servers.postgres_read_only, NO_WRITES_TO_POSTGRES | {"health": "up/degraded"}),
    "postgres restarted": (Servers.postgres_restarted, {}),
    "postgres backends killed": (Servers.postgres_backends_killed, {}),
    "both down": (both(Servers.redis_down, Servers.postgres_down), NEITHER),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers that these tests may break."""
    made = Servers()
    yield made
    made.close()


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than life."""
    with StandIns(speed=1000) as up:
        yield up


@pytest.fixture
def visit(servers: Servers, stand_ins: StandIns, fault: str) -> Iterator[Visit]:
    """A warm Core of its own. Only a server that hangs has to be given up soon."""
    environ = {
        "REDIS_URL": servers.redis_url,
        "DATABASE_URL": servers.database_url,
        "DICTIONARY_API_URL": stand_ins.dictionary_api.url,
        "PROSEPOLISH_DICTIONARY_PER_S": "1000",
        "GEMINI_API_ENDPOINT": stand_ins.gemini.url,
        "GEMINI_API_KEY": "any",
        "PROSEPOLISH_FLUSH_S": "60",
        **({} if fault == "redis hung" else PATIENT),
    }
    with Core.open(Config.from_env(environ)) as core:
        yield Visit(core)


def answer(name: str, visit: Visit, amiss: Said) -> tuple[str, float]:
    """The service's answer.

    What the fault must not touch is asked again until it is well: a busy machine alone can cost a deadline.
    """
    word, took = ask(name, visit)
    until = monotonic() + UNTOUCHED_S
    while name not in amiss and word != WELL[name] and monotonic() < until:
        sleep(0.05)
        word, took = ask(name, visit)
    return word, took


@pytest.mark.parametrize("fault", FAULTS)
def test_every_service_answers_in_time_and_heals(fault: str, servers: Servers, visit: Visit) -> None:
    """The row of the table is what is said; nobody waits longer than the service's deadline;
    soon after, all is well.
    """
    breaks, amiss = FAULTS[fault]
    with breaks(servers):
        answers = {name: answer(name, visit, amiss) for name in SERVICES}
    began = monotonic()
    left = set(SERVICES)
    while left and monotonic() - began < HEALED_S:
        left = {name for name in left if ask(name, visit)[0] != WELL[name]}
        sleep(0.05)
    assert {name: word for name, (word, _) in answers.items()} == WELL | amiss
    assert {name: took for name, (_, took) in answers.items() if took > SLACK * SERVICES[name].within_s} == {}
    assert left == set()
