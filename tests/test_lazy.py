"""Parts that are built once: by one thread, whoever else asks meanwhile."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from prosepolish_core import Config, Core
from prosepolish_core.lazy import Lazy, lazy

THREADS = 16


def together(ask: Callable[[], Any]) -> list[Any]:
    """What each of many threads got when all asked at the same moment."""
    start, got = threading.Barrier(THREADS), []

    def run() -> None:
        start.wait()
        got.append(ask())

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


class Whole:
    """Two parts, one made of the other; building takes long enough for every thread to come in between."""

    def __init__(self) -> None:
        self.built: list[str] = []

    @lazy
    def inner(self) -> object:
        """The inner part."""
        self.built.append("inner")
        threading.Event().wait(0.02)
        return object()

    @lazy
    def outer(self) -> tuple[object]:
        self.built.append("outer")
        return (self.inner,)


def test_threads_that_race_get_one_and_the_same_part() -> None:
    """Sixteen threads, one build of each part; reading it afterwards is a plain attribute."""
    whole = Whole()
    got = together(lambda: (whole.outer, whole.inner))
    assert sorted(whole.built) == ["inner", "outer"]
    assert {(id(outer), id(inner)) for outer, inner in got} == {(id(whole.outer), id(whole.inner))}
    assert vars(whole)["outer"] is whole.outer


def test_two_parts_asked_for_in_two_orders_do_not_block_each_other() -> None:
    """One lock an object; two objects share nothing."""
    for _ in range(5):
        whole, turn = Whole(), iter(range(THREADS))
        together(lambda: whole.outer if next(turn) % 2 else whole.inner)  # noqa: B023 - asked before the next round
        assert sorted(whole.built) == ["inner", "outer"]
    assert Whole().inner is not Whole().inner


def test_a_build_that_failed_is_tried_again() -> None:
    """The failure is the first caller's; nothing half built is kept."""

    class Once:
        tries = 0

        @lazy
        def part(self) -> int:
            """Built at the second attempt."""
            self.tries += 1
            if self.tries == 1:
                raise ValueError("not yet")
            return self.tries

    once = Once()
    with pytest.raises(ValueError, match="not yet"):
        _ = once.part
    assert once.part == 2


def test_on_the_class_it_is_the_descriptor_with_its_docstring() -> None:
    """Help texts and documentation tools see what the part is."""
    assert isinstance(Whole.inner, Lazy)
    assert Whole.inner.__doc__ == "The inner part."


PARTS = sorted(name for name, part in vars(Core).items() if isinstance(part, Lazy))


@pytest.mark.parametrize("part", PARTS)
def test_core_builds_each_of_its_parts_once(part: str) -> None:
    """Threads that race on first use share one pool, one recorder, one of everything; no server is asked."""
    core = Core.open(
        Config.from_env({"REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    )
    assert len({id(got) for got in together(lambda: getattr(core, part))}) == 1
    core.close()


def test_every_part_of_core_is_under_that_test() -> None:
    """The list above is not empty by accident."""
    assert {"redis", "state", "pool", "recorder", "dictionary", "limiter", "sessions", "cache"} <= set(PARTS)
