"""Keys are injective, and free of everything that means something to Redis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidIdentifier
from prosepolish_core.model import keys
from prosepolish_core.model.outcome import Family

IDENTIFIERS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60)


@given(IDENTIFIERS)
def test_an_identifier_comes_back_from_its_segment(identifier: str) -> None:
    """Decoding undoes encoding, so no two identifiers share a key."""
    assert keys.decode(keys.encode(identifier)) == identifier


@given(st.lists(IDENTIFIERS, min_size=1, max_size=3), st.lists(IDENTIFIERS, min_size=1, max_size=3))
def test_different_identifiers_have_different_keys(one: list[str], other: list[str]) -> None:
    """Parts cannot run into each other: `7` with the sub-key `sessions` is not `7:sessions`."""
    assert (keys.key(Family.PROFILE, *one) == keys.key(Family.PROFILE, *other)) == (one == other)


@given(IDENTIFIERS)
def test_nothing_that_redis_reads_specially_is_left_in_a_segment(identifier: str) -> None:
    """No separator, no cluster brace, no pattern character, no space or control character."""
    assert not set(keys.encode(identifier)) & set(':{}*?[]\\^ \t\r\n\x00"')


def test_a_user_cannot_reach_another_key_by_its_name() -> None:
    """The user `7:sessions` is not the session index of the user `7`."""
    assert keys.PROFILE.key("7:sessions") != keys.SESSION_INDEX.key("7")
    assert keys.SESSION_INDEX.key("7") == "user:7:sessions"
    assert keys.DICTIONARY.key("eloquent") == "dict:eloquent"
    assert keys.DICTIONARY.key("café") == "dict:café"


@pytest.mark.parametrize("identifier", ["", "x" * 257, "é" * 129, "\ud800"])
def test_an_identifier_that_cannot_be_a_key_is_refused(identifier: str) -> None:
    """Empty, over 256 bytes, or not valid Unicode."""
    with pytest.raises(InvalidIdentifier):
        keys.encode(identifier)


def test_the_table_names_every_family() -> None:
    """Every family has a row with a time to live, and only rows with a sub-key share a family."""
    assert {row.family for row in keys.KEYS} == set(Family)
    assert len({(row.family, row.sub_key) for row in keys.KEYS}) == len(keys.KEYS)
    assert {row.shape: row.ttl_s for row in keys.KEYS}["dict:<identifier>"] == 3600
