"""One campaign in several processes: each takes a share of the size, a seed of its own, and servers of its own."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")

#: Processes of a full campaign: one per core of a small machine, and one more, because each waits for its servers in
#: turn.
SHARDS = 3
#: Seeds of two shards are so far apart: more than any campaign counts up to.
APART = 10_000_000


def in_shards(part: Callable[[int, int], T], seed: int, size: int, shards: int = SHARDS) -> list[T]:
    """`part(seed, size)` once per shard; the sizes add up to `size`. One shard runs in this process."""
    if shards <= 1:
        return [part(seed, size)]
    sizes = [size // shards + (i < size % shards) for i in range(shards)]
    with ProcessPoolExecutor(shards, mp_context=get_context("spawn")) as pool:
        return list(pool.map(part, [seed + i * APART for i in range(shards)], sizes))
