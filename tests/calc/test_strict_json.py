"""Strict reading of JSON from outside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.strict_json import DEEPEST, MalformedJson, parse

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_json_writes_is_read_back(value: object) -> None:
    """Every ordinary document is read as it was written, with and without escapes."""
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False)) == value


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(body: bytes) -> None:
    """Any bytes give a value or MalformedJson."""
    try:
        parse(body)
    except MalformedJson:
        return
    json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1',
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b'{"a": 1, "a": 2}',
        b"9" * 5000,
        b"[" * 200_000,
        b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2),
        b'{"a":' * 40 + b"1" + b"}" * 40,
        '{"w": "é"}'.encode("utf-16"),
        '{"w": "é"}'.encode("latin-1"),
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b"\xef\xbb\xbf{}",
        b"<html></html>",
    ],
    ids=lambda body: repr(body[:16]),
)
def test_what_a_lenient_reader_would_take_is_refused(body: bytes) -> None:
    """Truncated, repeated, out of range, too deep or wrongly encoded documents are refused,
    without their text in the message.
    """
    with pytest.raises(MalformedJson) as caught:
        parse(body)
    assert "html" not in str(caught.value)


def test_the_deepest_allowed_nesting_is_read() -> None:
    """Nesting up to the cap is fine."""
    assert parse("[" * DEEPEST + "]" * DEEPEST) is not None
