"""The people who write."""

from collections import Counter

from demo.traffic.writers import PEOPLE, Writers


def test_some_write_often_and_most_now_and_then() -> None:
    """Nobody from outside the group, and the busiest write many times as often as the average."""
    writers = Writers(seed=1)
    counts = Counter(writers.draw() for _ in range(5000))

    assert len(counts) <= PEOPLE
    assert counts.most_common(1)[0][1] > 5 * 5000 / PEOPLE


def test_everybody_is_new_once() -> None:
    """The second time one is known."""
    writers = Writers(seed=1)

    assert [writers.is_new(user) for user in ("a", "b", "a")] == [True, True, False]


def test_tokens_are_held_until_the_log_out() -> None:
    """Logged in, a writer has the token; logged out, none."""
    writers = Writers(seed=1)
    writers.logged_in("writer-001", "t")
    assert writers.token("writer-001") == "t"
    writers.logged_out("writer-001")
    writers.logged_out("writer-001")

    assert writers.token("writer-001") is None
