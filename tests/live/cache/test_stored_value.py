"""Values lie in Redis with a header of fixed width; what is not ours cannot be read."""

import os
from random import Random
from string import ascii_letters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import ConfigError
from prosepolish_core.live.cache.stored_value import COMPRESS_ABOVE, HEADER, MOST_TOLD, Seal, Unreadable, decode, encode, is_lease
from prosepolish_core.model.keys import MOST_VALUE_BYTES

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
OLD, NEW = os.urandom(32), os.urandom(32)


@given(JSON, st.integers(0, 9_999_999_999_999), st.integers(0, 9_999_999_999_999), st.booleans())
def test_a_value_comes_back_with_its_instants(value: object, created: int, fresh: int, sealed: bool) -> None:
    """Any JSON value, sealed or not."""
    seal = Seal([NEW]) if sealed else None
    stored = encode("llm:1", value, created, fresh, seal).stored
    found = decode("llm:1", stored, seal)
    assert (found.value, found.created_ms, found.fresh_until_ms) == (value, created, fresh)
    assert not is_lease(stored)


def test_large_values_are_compressed_and_too_large_ones_do_not_fit() -> None:
    """The limit is on what lies in Redis; and what could not be unpacked again is not stored however small it packs."""
    text = "the same words again " * 100
    assert len(encode("k", text, 0, 0).stored) < COMPRESS_ABOVE
    assert decode("k", encode("k", text, 0, 0).stored).value == text
    noise = "".join(Random(1).choices(ascii_letters, k=2 * MOST_VALUE_BYTES))
    assert not encode("k", noise, 0, 0).fits
    assert encode("k", noise[: MOST_VALUE_BYTES - 2], 0, 0).fits
    assert encode("k", "x" * (MOST_TOLD - 2), 0, 0).fits
    assert not encode("k", "x" * MOST_TOLD, 0, 0).fits
    assert decode("k", encode("k", "x" * (MOST_TOLD - 2), 0, 0).stored).value == "x" * (MOST_TOLD - 2)


@given(st.binary(max_size=200))
def test_bytes_that_are_not_ours_are_unreadable(foreign: bytes) -> None:
    """Whatever somebody else wrote under our key."""
    with pytest.raises(Unreadable):
        decode("k", foreign)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_sealed_value_changed_in_one_byte_is_unreadable(place: int, change: int) -> None:
    """Except in the lease, which the scripts write and which grants nothing."""
    stored = encode("user:1", {"name": "x" * 300}, 1000, 2000, Seal([NEW])).stored
    place %= len(stored)
    if 3 <= place < 33:
        return
    forged = bytearray(stored)
    forged[place] ^= change
    with pytest.raises(Unreadable):
        decode("user:1", bytes(forged), Seal([NEW]))


def test_a_sealed_value_is_bound_to_its_key_and_its_age() -> None:
    """It cannot be moved to another user, nor be made fresh again, nor be replaced by a plain one."""
    seal = Seal([NEW])
    stored = encode("user:1", {"name": "Ada"}, 1000, 2000, seal).stored
    with pytest.raises(Unreadable):
        decode("user:2", stored, seal)
    with pytest.raises(Unreadable):
        decode("user:1", stored[:46] + b"9999999999999" + stored[HEADER:], seal)
    with pytest.raises(Unreadable):
        decode("user:1", encode("user:1", {"name": "Eve"}, 1000, 2000).stored, seal)
    assert b"Ada" not in stored


def test_keys_rotate_without_losing_values() -> None:
    """The newest key seals, older ones still open; without the old key its values are unreadable."""
    stored = encode("user:1", "text", 0, 0, Seal([OLD])).stored
    assert decode("user:1", stored, Seal([NEW, OLD])).value == "text"
    with pytest.raises(Unreadable):
        decode("user:1", stored, Seal([NEW]))


@pytest.mark.parametrize("keys", ["", "short", "!!!", "a" * 44 + "," + "b"])
def test_keys_that_cannot_be_keys_are_a_configuration_error(keys: str) -> None:
    """The message names the variable, never the value."""
    with pytest.raises(ConfigError, match="PROSEPOLISH_ENCRYPTION_KEYS") as refused:
        Seal.from_text(keys)
    assert keys == "" or keys not in str(refused.value)


def test_a_small_forged_body_cannot_fill_the_memory() -> None:
    """A compressed body that grows beyond what may be stored is unreadable."""
    import zlib

    bomb = b"1Vz." + b"." * 16 + b"0" * 13 * 3 + zlib.compress(b"0" * 50_000_000, 9)
    with pytest.raises(Unreadable):
        decode("k", bomb)
