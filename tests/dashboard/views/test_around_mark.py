"""Before and after a mark: which mark, which side, and which tier got slower."""

import pytest

from dashboard.views.around_mark import KINDS, around, chosen
from prosepolish_core.model.series import MARK_KINDS, Mark
from tests.dashboard.rows import at, took


def test_each_side_has_its_own_percentiles_and_the_interval_of_the_mark_is_left_out() -> None:
    """Redis got slower, PostgreSQL came only afterwards; the bucket between holds calls of both sides."""
    rows = [
        took("redis", [0.001] * 50, ago=300),
        took("redis", [5.0] * 50, ago=240),
        took("redis", [0.004] * 40, ago=180),
        took("postgres", [0.02] * 30, ago=180),
    ]

    found = around(rows, [Mark(at(210), "deploy", "v2")])

    assert found is not None
    redis, postgres = found.tiers
    assert (redis.tier, postgres.tier) == ("redis", "postgres")
    assert redis.before is not None
    assert redis.after is not None
    assert (redis.before.calls, redis.after.calls) == (50, 40)
    assert redis.before.p95 == pytest.approx(0.001, rel=0.3)
    assert redis.after.p95 == pytest.approx(0.004, rel=0.3)
    assert postgres.before is None
    assert postgres.after is not None


def test_a_deploy_explains_more_than_a_restart_and_a_gap_nothing() -> None:
    """Of several deploys the newest counts."""
    deploys = [Mark(at(500), "deploy", "v1"), Mark(at(400), "deploy", "v2")]
    restart, gap = Mark(at(100), "restart", "", "cache"), Mark(at(50), "gap", "")

    assert chosen([*deploys, restart, gap]) == deploys[1]
    assert chosen([restart, gap]) == restart
    assert chosen([gap]) is None
    assert around([], []) is None
    assert set(KINDS) <= set(MARK_KINDS)
