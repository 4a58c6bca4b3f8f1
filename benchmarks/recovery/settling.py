"""When is it well again? Arithmetic over what was seen: names, instants and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .probes import NO_WORD, OK


class Seen(NamedTuple):
    """One answer: what was asked, when, and in one word what came of it."""

    name: str
    began: float
    ended: float
    word: str


class Settled(NamedTuple):
    """Seconds after the return from which on it was well; None: never.

    `blips`: single bad answers among the good ones later. `ever`: whether one good answer was seen at all.
    """

    after_s: float | None
    blips: int
    last_bad: str
    ever: bool


def settled(seen: Iterable[Seen], back: float, *, repeats: bool = True) -> Settled:
    """The first good answer after the return that is followed by no two bad ones in a row, and not by a bad last one.

    One bad answer between two good ones is a blip: on a busy machine a call of 50 ms is late now and then. It is
    counted. Where nothing `repeats` what was lost on the way, only what was asked after the return counts.
    """
    after = [one for one in seen if (one.ended if repeats else one.began) > back and one.word != NO_WORD]
    bad = [one.word != OK for one in after]
    from_here = len(after)
    for place in range(len(after) - 1, -1, -1):
        if bad[place] and (place + 1 == len(after) or bad[place + 1] or place == 0 or bad[place - 1]):
            break
        if not bad[place]:
            from_here = place
    words = [one.word for one in after[:from_here] if one.word != OK]
    last_bad = words[-1] if words else ""
    if from_here == len(after):
        return Settled(None, 0, last_bad or "no answer", not all(bad))
    return Settled(max(0.0, after[from_here].ended - back), sum(bad[from_here:]), last_bad, True)


def by_name(seen: Iterable[Seen]) -> Mapping[str, Sequence[Seen]]:
    """The answers of each, in the order they were given."""
    found: dict[str, list[Seen]] = {}
    for one in sorted(seen, key=lambda one: one.ended):
        found.setdefault(one.name, []).append(one)
    return found
