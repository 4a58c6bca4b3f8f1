"""When the campaign calls a thing well again."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recovery.settling import Seen, settled

words = st.lists(st.sampled_from(["ok", "degraded", "paced"]), max_size=30)


def seen(said: list[str]) -> list[Seen]:
    """One answer a second from the second after the return on."""
    return [Seen("any", number + 1.0, number + 1.0, word) for number, word in enumerate(said)]


@given(words)
def test_from_the_moment_told_no_two_answers_in_a_row_are_bad(said: list[str]) -> None:
    """And the answer at that moment and the last one are good."""
    found = settled(seen(said), 0.0)
    if found.after_s is not None:
        rest = [one.word for one in seen(said) if one.ended >= found.after_s and one.word != "paced"]
        assert (rest[0], rest[-1]) == ("ok", "ok")
        assert ("degraded", "degraded") not in pairwise(rest)
        assert found.blips == rest.count("degraded")


@given(words)
def test_it_is_told_as_never_only_when_the_last_answer_is_bad_or_missing(said: list[str]) -> None:
    """Our own pace is no answer."""
    told = [word for word in said if word != "paced"]
    assert (settled(seen(said), 0.0).after_s is None) == (told[-1:] != ["ok"])


@given(words, words)
def test_answers_given_before_the_return_do_not_count(before: list[str], after: list[str]) -> None:
    """However good they were."""
    both = [Seen("any", -number - 1.0, -number - 1.0, word) for number, word in enumerate(before)] + seen(after)
    assert settled(both, 0.0) == settled(seen(after), 0.0)


def test_what_is_never_sent_twice_counts_from_the_first_that_was_asked_after_the_return() -> None:
    """One that was under way then is waited for until its own deadline."""
    under_way, after = Seen("any", -1.0, 7.0, "degraded"), Seen("any", 7.0, 7.5, "ok")
    assert settled([under_way, after], 0.0, repeats=False) == settled([after], 0.0)
    assert settled([under_way, after], 0.0).after_s == 7.5


def test_one_bad_answer_at_the_beginning_is_no_blip() -> None:
    """The outage was still there."""
    assert settled(seen(["degraded", "ok", "ok"]), 0.0).after_s == 2.0
