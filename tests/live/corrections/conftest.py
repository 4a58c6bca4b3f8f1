"""Benches for the tests of corrections."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .bench import Bench


@pytest.fixture
def benches(valkey_url: str) -> Iterator[Callable[..., Bench]]:
    """Makes benches and closes them."""
    made: list[Bench] = []

    def make(url: str = valkey_url, **options: Any) -> Bench:
        made.append(Bench(url, **options))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(benches: Callable[..., Bench]) -> Bench:
    return benches()
