"""Two things never merge into one series: whatever a server calls them, two names stay two."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.roster import OTHER
from prosepolish_core.watch.redis_info.clients import OTHERS, read_clients
from prosepolish_core.watch.redis_info.flat import label, text
from prosepolish_core.watch.redis_info.info_reply import read_info

#: Names as bytes that a line can hold.
NAMES = st.one_of(
    st.binary(max_size=6), st.sampled_from([b"", b"\xff", b"\\xff", b"\\", b"\0", b"\\x00", b"(none)", b"(other)", b"\\(other)"])
).filter(lambda name: not set(name) & set(b"\r\n"))


@given(NAMES, NAMES)
def test_two_names_are_two_labels_and_none_is_one_of_ours(one: bytes, other: bytes) -> None:
    """Any bytes: what differs stays different, can be stored, and is never taken for a group of ours."""
    first, second = label(text(one)), label(text(other))
    assert (first == second) == (one == other)
    assert first not in {OTHER, "(none)", OTHERS[0]}
    assert "\0" not in first
    assert first.encode().decode() == first


@given(st.lists(NAMES, unique=True, max_size=8))
def test_every_error_code_has_its_own_number(codes: list[bytes]) -> None:
    """Empty, of any bytes, with colons and commas: as many series with their numbers as there are codes."""
    reply = b"".join(b"errorstat_%b:count=%d\r\n" % (code, n) for n, code in enumerate(codes))
    found = {s.labels: s.value for s in read_info(reply).samples if s.metric == "errorstat_count"}
    assert sorted(found.values()) == [float(n) for n in range(len(codes))]


@given(st.lists(NAMES.filter(lambda name: (b"=" not in name and name.strip() != b"") or name == b""), unique=True, max_size=8))
def test_every_user_is_a_group_of_its_own(users: list[bytes]) -> None:
    """Empty names, names with blanks and names that look like ours: the clients of two users are never added up."""
    reply = b"".join(b"id=%d addr=1 name= user=%b lib-name=\n" % (n, user) for n, user in enumerate(users))
    found = [s for s in read_clients(reply) if s.metric == "clients"]
    assert len(found) == len(users)
    assert all(s.value == 1.0 for s in found)
