"""Every public call, in every state of what lies below, with every odd argument:
an answer, or an error of our own tree.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.standins import Fault, FaultKind, StandIns
from prosepolish_core import Config, Core, Limit
from prosepolish_core.errors import InvalidInput, ProsePolishError
from prosepolish_core.model import standing
from tests.faults.odd import CALLS, ODD, Arguments, Call, spoilt
from tests.faults.servers import Servers

pytestmark = pytest.mark.live
#: An address where nobody listens.
NOWHERE = "127.0.0.1:1"


class Breakage(NamedTuple):
    """What differs from a sound stack:
    settings, what is broken while the calls are made, what the upstreams do wrong.
    """

    settings: Callable[[Servers], Mapping[str, str]] = lambda _: {}
    broken: Callable[[Servers], AbstractContextManager[None]] = lambda _: nullcontext()
    fault: FaultKind | None = None


LONE = {"REDIS_URL": f"redis://{NOWHERE}", "DATABASE_URL": f"postgresql://{NOWHERE}/x"}
STATES = {
    "sound": Breakage(),
    "redis down": Breakage(broken=Servers.redis_down),
    "redis wants a password": Breakage(broken=Servers.redis_wants_a_password),
    "redis loading": Breakage(broken=Servers.redis_loading),
    "redis read-only": Breakage(broken=Servers.redis_read_only),
    "postgres down": Breakage(broken=Servers.postgres_down),
    "postgres read-only": Breakage(broken=Servers.postgres_read_only),
    "both nowhere": Breakage(lambda _: LONE),
    "postgres never migrated": Breakage(lambda servers: {"DATABASE_URL": servers.unmigrated_url}),
    "postgres without rights": Breakage(lambda servers: {"DATABASE_URL": servers.url_without_rights}),
    "postgres with a wrong password": Breakage(lambda servers: {"DATABASE_URL": servers.url_with_a_wrong_password}),
    "upstreams nowhere": Breakage(
        lambda _: {"DICTIONARY_API_URL": f"http://{NOWHERE}", "GEMINI_API_ENDPOINT": f"http://{NOWHERE}"}
    ),
    "upstreams send garbage": Breakage(fault=FaultKind.GARBAGE),
}
#: Anything Python can hold, nested.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.binary(max_size=20)
    | st.text(st.characters(), max_size=20)
    | st.just(Limit(1, per_s=1)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4) | st.tuples(inner)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers that these tests may break."""
    made = Servers()
    yield made
    made.close()


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than life."""
    with StandIns(speed=1000, limit=1_000_000) as up:
        yield up


@contextmanager
def opened(state: Breakage, servers: Servers, stand_ins: StandIns) -> Iterator[Core]:
    """A Core that was warm before the state set in."""
    sound = {
        "REDIS_URL": servers.redis_url,
        "DATABASE_URL": servers.database_url,
        "DICTIONARY_API_URL": stand_ins.dictionary_api.url,
        "PROSEPOLISH_DICTIONARY_PER_S": "10000",
        "GEMINI_API_ENDPOINT": stand_ins.gemini.url,
        "GEMINI_API_KEY": "any",
        "PROSEPOLISH_FLUSH_S": "60",
    }
    upstreams = (stand_ins.dictionary_api, stand_ins.gemini)
    with Core.open(Config.from_env(sound | dict(state.settings(servers)))) as core:
        for call in CALLS:
            told(core, call, call.arguments)
        if state.fault:
            for upstream in upstreams:
                upstream.script.add(Fault(state.fault))
        try:
            with state.broken(servers):
                yield core
        finally:
            for upstream in upstreams:
                upstream.script.clear()


def told(core: Core, call: Call, arguments: Arguments) -> type[Exception] | None:
    """The kind of error that was raised, if any. What is not ours passes, and fails the test."""
    try:
        call(core, arguments)
    except ProsePolishError as error:
        assert str(error)  # noqa: PT017
        return type(error)
    return None


@pytest.mark.parametrize("state", STATES)
def test_a_call_answers_or_raises_an_error_of_ours(state: str, servers: Servers, stand_ins: StandIns) -> None:
    """Each argument of each call is replaced by each odd value, some 2,700 calls in each state."""
    with opened(STATES[state], servers, stand_ins) as core:
        for call in CALLS:
            for arguments in (call.arguments, *spoilt(call)):
                told(core, call, arguments)


@pytest.fixture(scope="module")
def sound(servers: Servers, stand_ins: StandIns) -> Iterator[Core]:
    """A Core that lacks nothing."""
    with opened(STATES["sound"], servers, stand_ins) as core:
        yield core


@given(st.data())
def test_whatever_python_can_hold_is_answered_or_refused_by_an_error_of_ours(sound: Core, data: st.DataObject) -> None:
    """Every argument of a call drawn at random."""
    call = data.draw(st.sampled_from(CALLS))
    told(sound, call, {name: data.draw(VALUES) if data.draw(st.booleans()) else value for name, value in call.arguments.items()})


@pytest.mark.parametrize("field", ["amount", "per_s", "algorithm", "outage", "shadow", "subject", "name"])
def test_a_limit_is_made_or_refused(field: str) -> None:
    """Whatever is given for a field."""
    for value in ODD:
        try:
            made = Limit(**{"amount": 10, "per_s": 60, field: value})
        except InvalidInput:
            continue
        assert isinstance(made, Limit)


def test_a_call_with_a_wrong_argument_is_refused_whatever_is_down(sound: Core) -> None:
    """What is refused while nothing can be asked is refused for what it is: nothing was asked of any server."""
    with Core.open(Config.from_env(LONE)) as lone:
        for call in CALLS:
            for arguments in spoilt(call):
                kind = told(lone, call, arguments)
                if kind is not None and issubclass(kind, InvalidInput):
                    assert told(sound, call, arguments) is kind


@pytest.mark.parametrize(
    ("state", "part"),
    [
        ("postgres never migrated", "prosepolish migrate"),
        ("postgres without rights", "export grants"),
        ("postgres with a wrong password", "DATABASE_URL"),
    ],
)
def test_health_says_what_to_do_about_a_database_that_cannot_be_used(
    state: str, part: str, servers: Servers, stand_ins: StandIns
) -> None:
    """In the words of what is wrong; the password is not among them."""
    with opened(STATES[state], servers, stand_ins) as core:
        found = core.health()["postgres"]
    assert found.state is not standing.State.UP
    assert part in f"{found.reason} {found.action}"
    assert "wrong" not in str(found)
