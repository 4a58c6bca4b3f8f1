"""Caches as separate processes would open them, over one real server."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.live.cache.bench import Open, process
from tests.support.words import Remembers


@pytest.fixture
def recorder() -> Remembers:
    """What was recorded."""
    return Remembers()


@pytest.fixture
def open_cache(valkey_url: str, recorder: Remembers) -> Iterator[Open]:
    """Opens caches as separate processes would."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(process(valkey_url, recorder, **options))
