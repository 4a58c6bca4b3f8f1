"""The limiter's arithmetic, keys and headers, without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidIdentifier, InvalidLimit
from prosepolish_core.limits.headers import rate_limit_headers, status
from prosepolish_core.limits.keys import stem
from prosepolish_core.limits.local import LocalLimits
from prosepolish_core.limits.named import NAMED, named
from prosepolish_core.limits.outage import Outage as Breaker
from prosepolish_core.limits.plan import plan
from prosepolish_core.limits.reply import decide
from prosepolish_core.model.limit import Algorithm, Limit


@pytest.mark.parametrize(
    ("amount", "per_s"), [(-1, 60), (10**9 + 1, 60), (5, 0), (5, 30 * 86_400 + 1), (True, 60), (5, 1.5), (float("nan"), 1)]
)
def test_a_limit_that_cannot_mean_anything_is_refused(amount: object, per_s: object) -> None:
    """With a ValueError of our own."""
    with pytest.raises(InvalidLimit):
        Limit(amount, per_s)  # type: ignore[arg-type]


def test_the_algorithm_follows_the_size_unless_asked_for() -> None:
    """Exact up to 1,000, GCRA above."""
    assert Limit(1000, 60).algorithm is Algorithm.LOG
    assert Limit(1001, 60).algorithm is Algorithm.GCRA
    assert Limit(5000, 60, "log").algorithm is Algorithm.LOG


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_two_subjects_never_share_a_key(a: str, b: str) -> None:
    """And what follows the subject never begins inside it."""
    try:
        keys = stem(a, False), stem(b, False)
    except InvalidIdentifier:
        return
    assert (keys[0] == keys[1]) == (a == b)
    assert all(key.startswith("ratelimit:") and not set(key) & set("{}*?[]\r\n\0 ") for key in keys)


@given(st.integers(1, 50), st.lists(st.tuples(st.integers(0, 500_000), st.integers(1, 5)), max_size=80))
def test_the_local_limiter_never_admits_more_than_its_share_in_any_window(amount: int, steps: list[tuple[int, int]]) -> None:
    """Exact: counted over every window that ends at an admitted call."""
    now = [1_000_000]
    local, admitted = LocalLimits(1, lambda: now[0]), []
    for wait, cost in steps:
        now[0] += wait
        if local.check(plan([Limit(amount, 1)], cost), ["k"], charge=True)[0]:
            admitted.append((now[0], cost))
    for end, _ in admitted:
        assert sum(cost for at, cost in admitted if end - 1_000_000 < at <= end) <= amount


def test_the_local_share_is_the_limit_divided_by_the_workers() -> None:
    """Rounded down, at least one; nothing of nothing."""
    local = LocalLimits(4, lambda: 0)
    assert [local.share(Limit(n, 60)) for n in (10, 3, 0)] == [2, 1, 0]


def test_a_full_local_table_forgets_quiet_subjects_and_denies_new_ones_while_all_are_busy() -> None:
    """Memory is bounded and no busy count is lost."""
    now = [1_000_000]
    local = LocalLimits(1, lambda: now[0], most=2)
    ask = plan([Limit(1, 1)], 1)
    assert [local.check(ask, [k], charge=True)[0] for k in ("a", "b", "c")] == [True, True, False]
    now[0] += 1_000_000
    assert local.check(ask, ["c"], charge=True)[0]


def test_the_breaker_opens_after_faults_in_a_row_and_lets_one_probe_through_per_pause() -> None:
    """And closes with the first answer."""
    now = [0.0]
    breaker = Breaker(lambda: now[0], faults=2, pause_s=1)
    breaker.failed()
    breaker.failed()
    assert [breaker.may_ask(), breaker.may_ask()] == [False, False]
    now[0] = 1.0
    assert [breaker.may_ask(), breaker.may_ask()] == [True, False]
    breaker.answered()
    assert breaker.may_ask()


def test_headers_name_the_policy_the_rest_and_the_wait() -> None:
    """The two fields of the draft, and Retry-After only on a refusal."""
    limits = plan([Limit(10, 60, name="llm")], 1)
    allowed = decide(limits, True, 1_000_000, [3, 0, 0])
    denied = decide(limits, False, 1_000_000, [10, 1_500_000, 61_000_000])
    assert rate_limit_headers(allowed) == {"RateLimit-Policy": '"llm-60s";q=10;w=60', "RateLimit": '"llm-60s";r=6;t=60'}
    assert rate_limit_headers(denied)["Retry-After"] == "2"
    assert (status(allowed), status(denied), status(denied._replace(degraded=True))) == (200, 429, 503)
    assert "user" not in str(rate_limit_headers(allowed, "user:7"))


@given(st.text(max_size=30))
def test_a_limits_name_cannot_break_a_header(name: str) -> None:
    """Printable ASCII, no bare quote, no line break."""
    line = rate_limit_headers(decide(plan([Limit(1, 1, name=name)], 1), True, 0, [0, 0, 0]))["RateLimit"]
    assert line.isascii()
    assert line.isprintable()


def test_every_named_limit_can_be_used() -> None:
    """Subjects are told apart by their rows."""
    subjects = [named(name, "1:llm" if "{id}" in row.subject else "")[0] for name, row in NAMED.items()]
    assert len(set(subjects)) == len(subjects)
    assert all("1:llm" not in subject for subject in subjects)
