"""How many bytes one key and its value really take in Redis: rounded up as its allocator does, with what lies around.

Measured as the growth of `used_memory` over 30,000 keys of each family (`python -m benchmarks.whatif_bytes`).
"""

from typing import NamedTuple

import numpy as np

from .reads import Array

#: Sizes that jemalloc hands out: multiples of 16 up to 128, then four steps to each doubling.
CLASSES = np.array([8, *range(16, 129, 16), *(2**n + 2 ** (n - 2) * step for n in range(7, 18) for step in range(1, 5))])
#: Bytes of a key of each family, about: its value is what is left.
KEY_BYTES = {"dict": 14, "user": 14, "settings": 18, "llm": 44}
#: Header and end of a string.
STRING = 5


class EntryCost(NamedTuple):
    """What one allocator makes of an entry: `around` is the key's places in both tables and all headers."""

    rounds: bool
    around: float


#: By the first letters of INFO's `mem_allocator`.
ALLOCATORS = {"jemalloc": EntryCost(True, 64.0), "libc": EntryCost(False, 107.0)}


def entry_bytes(size: Array, family: str, allocator: str = "jemalloc") -> Array:
    """From the bytes of key and value together; 0 stays 0."""
    cost = next((row for name, row in ALLOCATORS.items() if allocator.startswith(name)), ALLOCATORS["jemalloc"])
    taken = size + cost.around
    if cost.rounds:
        key = KEY_BYTES.get(family, 20)
        value = np.maximum(size - key, 0) + STRING
        taken = CLASSES[np.minimum(np.searchsorted(CLASSES, value), len(CLASSES) - 1)] + key + cost.around
    return np.where(size > 0, taken, 0.0)
