"""The slow log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.watch.redis_info.slowlog import read_slowlog, redacted

from .recorded import SERVERS, reply


@pytest.mark.parametrize("server", SERVERS)
def test_entries_of_real_servers_carry_no_argument(server: str) -> None:
    """Command, count and time are kept; the script that was slow is not."""
    found = read_slowlog(reply(server, "slowlog"), None)
    slow = [entry for entry in found.entries if entry.command == "eval"]
    assert slow
    assert slow[0].arguments == 2
    assert slow[0].duration_s > 0.001
    assert "local" not in repr(found)


def row(number: int, *words: bytes) -> list[object]:
    """One entry as the server gives it."""
    return [number, 1_795_460_489, 12_000, list(words), b"127.0.0.1:5", b"worker"]


def test_each_entry_comes_once_and_gaps_are_counted() -> None:
    """Entries known already are left out; ids that were pushed out of the ring in between are missed."""
    first = read_slowlog([row(2, b"GET", b"a"), row(1, b"GET", b"a")], None)
    assert [entry.id for entry in first.entries] == [1, 2]
    second = read_slowlog([row(9, b"GET", b"a"), row(8, b"GET", b"a"), row(2, b"GET", b"a")], 2)
    assert [entry.id for entry in second.entries] == [8, 9]
    assert (first.missed, second.missed) == (0, 5)


def test_a_server_that_counts_anew_is_read_from_the_start() -> None:
    """After a restart the ids begin again; nothing counts as missed."""
    found = read_slowlog([row(0, b"GET", b"a")], 500)
    assert ([entry.id for entry in found.entries], found.missed) == ([0], 0)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["GET", "dict:eloquent"], ("get", 1, "dict")),
        (["CONFIG", "SET", "requirepass", "hunter2"], ("config|set", 2, "")),
        (["AUTH", "hunter2"], ("auth", 1, "")),
        (["a b"], ("(unreadable)", 0, "")),
        ([], ("(unreadable)", 0, "")),
    ],
)
def test_only_the_command_and_a_known_family_are_shown(words: list[str], shown: tuple[str, int, str]) -> None:
    """Of the arguments, only how many there are and which known family the first belongs to."""
    assert redacted(words) == shown


@given(st.lists(st.text(min_size=6, max_size=20), min_size=2, max_size=6))
def test_no_argument_survives(words: list[str]) -> None:
    """Whatever the arguments are, their text is not in what is kept."""
    shown = redacted(["GET", *words])
    assert shown[0] == "get"
    assert shown[1] == len(words)
    assert shown[2] in {"", "dict", "user", "session", "ratelimit", "llm", "settings"}


def test_malformed_rows_are_left_out() -> None:
    """A reply that is no slow log gives nothing."""
    assert read_slowlog([[1, 2], b"x", [b"a", b"b", b"c", []]], None).entries == ()
    assert read_slowlog(b"OK", None).entries == ()
