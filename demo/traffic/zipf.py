"""A natural frequency curve: the r-th most frequent thing comes up in proportion to 1 / r^s."""

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Zipf(Generic[T]):
    """Draws from `items`, the first one most often. `exponent` 1 is what running text shows."""

    def __init__(self, items: Sequence[T], exponent: float = 1.0) -> None:
        if not items:
            raise ValueError("there is nothing to draw from")
        self.items = items
        self._edges = list(accumulate(math.pow(rank + 1, -exponent) for rank in range(len(items))))

    def draw(self, random_source: random.Random) -> T:
        """One item."""
        return self.items[bisect_left(self._edges, random_source.random() * self._edges[-1])]

    def share(self, first: int) -> float:
        """The share of draws that the `first` most frequent items make up."""
        return self._edges[first - 1] / self._edges[-1]
