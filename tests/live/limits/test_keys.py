"""Keys of the limiter."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidIdentifier
from prosepolish_core.live.limits.wire import stem


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_two_subjects_never_share_a_key(a: str, b: str) -> None:
    """And what follows the subject never begins inside it."""
    try:
        keys = stem(a, False), stem(b, False)
    except InvalidIdentifier:
        return
    assert (keys[0] == keys[1]) == (a == b)
    assert all(key.startswith("ratelimit:") and not set(key) & set("{}*?[]\r\n\0 ") for key in keys)
