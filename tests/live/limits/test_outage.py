"""When the server is left alone."""

from prosepolish_core.live.limits.limiter import Outage as Breaker


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
