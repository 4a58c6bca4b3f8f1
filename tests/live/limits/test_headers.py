"""Decisions as HTTP fields."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.limits.headers import rate_limit_headers, rate_limit_status
from prosepolish_core.live.limits.wire import decide, plan
from prosepolish_core.model.limit import Limit


def test_headers_name_the_policy_the_rest_and_the_wait() -> None:
    """The two fields of the draft, and Retry-After only on a refusal."""
    limits = plan([Limit(10, 60, name="llm")], 1)
    allowed = decide(limits, limits.shape.pack(1, 1_000_000, 3, 0, 0))
    denied = decide(limits, limits.shape.pack(0, 1_000_000, 10, 1_500_000, 61_000_000))
    assert rate_limit_headers(allowed) == {"RateLimit-Policy": '"llm-60s";q=10;w=60', "RateLimit": '"llm-60s";r=6;t=60'}
    assert rate_limit_headers(denied)["Retry-After"] == "2"
    assert tuple(map(rate_limit_status, (allowed, denied, denied._replace(degraded=True)))) == (200, 429, 503)
    assert "user" not in str(rate_limit_headers(allowed, "user:7"))


@given(st.text(max_size=30))
def test_a_limits_name_cannot_break_a_header(name: str) -> None:
    """Printable ASCII, no bare quote, no line break."""
    limits = plan([Limit(1, 1, name=name)], 1)
    line = rate_limit_headers(decide(limits, limits.shape.pack(1, 0, 0, 0, 0)))["RateLimit"]
    assert line.isascii()
    assert line.isprintable()
