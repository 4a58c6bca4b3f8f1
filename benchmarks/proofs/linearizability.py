"""A Wing–Gong search: can these overlapping operations be put in one order that a sequential specification allows?"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple


class Operation(NamedTuple):
    """One call: when it was made, when it returned (infinity: it never did), what was asked and what was answered."""

    called: float
    returned: float
    asked: tuple[Any, ...]
    answered: Any


Step = Callable[[Any, tuple[Any, ...], Any], "list[Any]"]


def linearizable(history: Sequence[Operation], start: Hashable, step: Step) -> bool:
    """Whether an order exists.

    `step(state, asked, answered)` gives the states after it; none if the answer is impossible.

    An operation that never returned may take effect at any time after its call, or never. Visited (done, state) pairs
    are remembered, which keeps the search small for histories of tens of operations.
    """
    operations = sorted(history)
    everything = (1 << len(operations)) - 1
    must = sum(1 << i for i, op in enumerate(operations) if op.returned != float("inf"))
    seen: set[tuple[int, Hashable]] = set()
    stack: list[tuple[int, Any]] = [(0, start)]
    while stack:
        done, state = stack.pop()
        if done & must == must:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        left = [i for i in range(len(operations)) if not done >> i & 1]
        # Only operations called before the first return among those left may come next.
        first_return = min(operations[i].returned for i in left)
        for i in left:
            op = operations[i]
            if op.called <= first_return:
                stack.extend((done | 1 << i, after) for after in step(state, op.asked, op.answered))
    return everything == 0
