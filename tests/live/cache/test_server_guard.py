"""The guard skips a server that is away, looks for it with growing pauses,
and pays what it owes before it lets callers through.
"""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks._simulated import Network, SimulatedRedis
from benchmarks._world import World, WorldRuntime
from prosepolish_core.drivers.redis_faults import PASSING, REFUSED_WRITES, REPLIES, WRONG_WAY
from prosepolish_core.errors import CacheUnavailable
from prosepolish_core.live.cache.server_guard import AT_ONCE, LONGEST_S, STEP_S, Guard


class Away:
    """A server in a world of its own: away for a while, then back. Remembers when it was asked for a sign of life."""

    def __init__(self, world: World, back_at: float, word: str = "refused") -> None:
        self.world, self.back_at, self.word = world, back_at, word
        self.pings: list[float] = []
        self.dropped: list[str] = []
        self.resets = 0

    def ping(self) -> None:
        """Answers once it is back."""
        self.pings.append(self.world.now)
        if self.world.now < self.back_at:
            raise CacheUnavailable("error", self.word)

    def drop(self, keys: list[str]) -> int:
        self.dropped.extend(keys)
        return len(keys)

    def reset(self) -> None:
        self.resets += 1


@pytest.fixture
def world() -> Iterator[World]:
    """A world whose clock is virtual: nothing here takes real time."""
    return World(1)


def away(world: World, back_at: float, word: str = "refused") -> tuple[Guard, Away]:
    """A guard that has just seen the server fail."""
    server = Away(world, back_at, word)
    guard = Guard(server, WorldRuntime(world))  # type: ignore[arg-type]
    guard.failed(CacheUnavailable("error", word))
    return guard, server


def live(world: World, seconds: float) -> None:
    """Let the world go on for so long."""
    world.run([world.start(lambda: world.sleep(seconds))])


def test_pauses_grow_to_a_second_and_no_further(world: World) -> None:
    """min(n x 50 ms, 1 s), give or take a quarter."""
    guard, server = away(world, back_at=100.0)
    live(world, 99.0)
    pauses = [later - earlier for earlier, later in zip(server.pings, server.pings[1:], strict=False)]
    for number, pause in enumerate(pauses, start=2):
        assert 0.75 * min(number * STEP_S, LONGEST_S) - 1e-9 <= pause <= 1.25 * min(number * STEP_S, LONGEST_S) + 1e-9
    assert not guard.up


def test_callers_are_let_through_when_it_answers_and_what_is_owed_is_paid_before(world: World) -> None:
    """A delete that the server did not hear is made up for before anybody reads there again."""
    guard, server = away(world, back_at=0.4)
    guard.owe(["dict:a"])
    assert not guard.up
    live(world, 2.0)
    assert (guard.up, guard.owed, server.dropped, guard.reason) == (True, set(), ["dict:a"], "")


def test_what_is_owed_while_a_debt_is_being_paid_is_paid_too(world: World) -> None:
    """A second delete is lost after the guard has paid the first: callers wait until it is paid too."""
    guard, server = away(world, back_at=0.4)
    guard.owe(["dict:a"])
    lock, late = guard._lock, ["dict:b"]

    class OwesBeforeTheLastLook:
        """The guard's lock; another thread owes one more key just before the guard says that all is well."""

        def __enter__(self) -> None:
            lock.acquire()
            if server.dropped == ["dict:a"] and not guard.owed and late:
                guard.owed.add(late.pop())

        def __exit__(self, *_: object) -> None:
            lock.release()

    guard._lock = OwesBeforeTheLastLook()  # type: ignore[assignment]
    live(world, 3.0)
    assert (late, guard.owed, server.dropped, guard.up) == ([], set(), ["dict:a", "dict:b"], True)


@given(
    word=st.sampled_from(sorted({word for _, word in REPLIES.values()} | {"timeout", "refused", "connection", "garbage"})),
    away_s=st.floats(0.05, 600),
)
@settings(max_examples=60)
def test_whatever_was_wrong_and_for_however_long_it_is_used_again_within_two_seconds(word: str, away_s: float) -> None:
    """A second of pause, a quarter of jitter;
    and one prober, which asks once a second at most when it has to wait for long.
    """
    world = World(1)
    guard, server = away(world, world.now + away_s, word)
    live(world, away_s + 2.0)
    assert (guard.up, guard.reason or guard.writable()) == (True, True) or word in REFUSED_WRITES | PASSING
    assert len(server.pings) <= away_s / (0.75 * LONGEST_S) + 40


def test_a_long_debt_is_paid_in_slices(world: World) -> None:
    """A day of invalidations that Redis did not hear; each slice that it heard is paid, though the next one fails."""
    guard, server = away(world, back_at=1.0)
    guard.owe([f"dict:{number}" for number in range(3 * AT_ONCE)])
    asked: list[int] = []

    def drop(keys: list[str]) -> int:
        asked.append(len(keys))
        if len(asked) == 2:
            raise CacheUnavailable("timeout", "timeout")
        return len(keys)

    server.drop = drop  # type: ignore[method-assign]
    live(world, 4.0)
    assert asked == [AT_ONCE] * 4
    assert (guard.up, guard.owed) == (True, set())


@pytest.mark.parametrize("word", sorted(WRONG_WAY))
def test_connections_that_lead_the_wrong_way_are_made_anew(world: World, word: str) -> None:
    """Also by the prober, when only a debt keeps it going:
    after a failover by name, the old server still answers its pings.
    """
    guard, server = away(world, 0.0, word)
    assert server.resets == 1
    server.drop = lambda keys: (_ for _ in ()).throw(CacheUnavailable("error", word))  # type: ignore[method-assign,misc]
    guard.owe(["dict:a"])
    live(world, 2.0)
    assert server.resets > 1


@pytest.mark.parametrize("word", ["out_of_memory", "read_only", "misconf", "no_replicas"])
def test_a_refused_write_stops_writes_for_a_second_and_no_reads(world: World, word: str) -> None:
    """Hits go on; after a failover the connections are made anew."""
    guard, server = away(world, 0.0, word)
    assert guard.up
    assert not guard.writable()
    live(world, 1.1)
    assert guard.writable()
    assert server.resets == (word in WRONG_WAY)


def test_a_busy_pool_is_not_a_broken_server(world: World) -> None:
    """Our own limit says nothing about the other side."""
    guard, server = away(world, 0.0, "pool_exhausted")
    assert guard.up
    assert guard.writable()
    assert server.pings == []


def test_the_simulated_server_grants_one_lease_at_a_time(world: World) -> None:
    """The model the campaign runs on does what the scripts do."""
    view = SimulatedRedis(world, Network()).view()
    seen: list[bool] = []

    def actor() -> None:
        seen.append(view.take([("k", "a" * 16)], 1000)[0].taken)
        seen.append(view.take([("k", "b" * 16)], 1000)[0].taken)
        view.drop(["k"])
        seen.append(view.take([("k", "b" * 16)], 1000)[0].taken)

    world.run([world.start(actor)])
    assert seen == [True, False, True]
