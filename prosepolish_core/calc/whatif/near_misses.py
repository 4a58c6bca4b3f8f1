"""Near misses: paid corrections that a looser key would have found, and what each looser key would have saved.

Played in the order of time from keyed hashes: a key finds what was stored for it less than a time to live ago.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ...model.access import unpacked
from ...model.counts import AccessChunk
from ...model.near_text import FAMILY, SENTENCE


class PaidText(NamedTuple):
    """One paid correction: when (seconds), hash of its loosened text, its sentences (hash, characters), its price."""

    at: float
    text: int
    sentences: tuple[tuple[int, int], ...]
    usd: float

    @property
    def all_but_one(self) -> set[tuple[int, ...]]:
        """The text, and the text without each of its sentences; two that share one differ in a sentence at most."""
        hashes = tuple(number for number, _ in self.sentences)
        found = {hashes}
        if len(hashes) > 1:
            found |= {hashes[:n] + hashes[n + 1 :] for n in range(len(hashes))}
        return found


class LooserKey(NamedTuple):
    """`share` of the paid corrections would have been hits; `usd` is what that would have saved of `paid_usd`."""

    name: str
    share: float
    usd: float
    risk: str


class NearMisses(NamedTuple):
    """What looser keys would have found among so many paid corrections."""

    paid: int
    paid_usd: float
    seconds: float
    keys: tuple[LooserKey, ...]


RISKS = {
    "blanks and typography folded": "line breaks and quotes of another text come back",
    "sentence by sentence": "a sentence is corrected without the ones around it",
    "all but one sentence the same": "only the new sentence is sent: it is corrected with little around it",
}


def paid_texts(chunks: Iterable[AccessChunk]) -> list[PaidText]:
    """From the chunks of a trace, in the order of time."""
    found: list[PaidText] = []
    for chunk in chunks:
        if chunk.family != FAMILY:
            continue
        columns = unpacked(chunk.records)
        starts = np.flatnonzero(columns["source"] != SENTENCE).tolist()
        keys, sizes = columns["key"].tolist(), columns["size"].tolist()
        for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
            at = chunk.ts.timestamp() + float(columns["ms"][start]) / 1000
            parts = tuple(zip(keys[start + 1 : end], sizes[start + 1 : end], strict=True))
            found.append(PaidText(at, keys[start], parts, float(columns["usd"][start])))
    return sorted(found, key=lambda paid: paid.at)


def near_misses(paid: Sequence[PaidText], ttl_s: float) -> NearMisses:
    """Every looser key over the same corrections; a price that is not known counts as the mean of the others."""
    known = [text.usd for text in paid if text.usd == text.usd]
    mean = sum(known) / len(known) if known else float("nan")
    prices = [text.usd if text.usd == text.usd else mean for text in paid]
    played = (_folded(paid, ttl_s), _by_sentence(paid, ttl_s), _all_but_one(paid, ttl_s))
    keys = tuple(
        LooserKey(
            name,
            sum(hit for hit, _ in found) / len(paid) if paid else float("nan"),
            sum(part * usd for (_, part), usd in zip(found, prices, strict=True)),
            risk,
        )
        for (name, risk), found in zip(RISKS.items(), played, strict=True)
    )
    return NearMisses(len(paid), sum(prices), paid[-1].at - paid[0].at if paid else 0.0, keys)


#: Whether each would have been a hit, and the share of its price that would have been saved.
_Found = list[tuple[bool, float]]


def _folded(paid: Sequence[PaidText], ttl_s: float) -> _Found:
    until: dict[int, float] = {}
    found: _Found = []
    for text in paid:
        hit = until.get(text.text, text.at) > text.at
        if not hit:
            until[text.text] = text.at + ttl_s
        found.append((hit, float(hit)))
    return found


def _by_sentence(paid: Sequence[PaidText], ttl_s: float) -> _Found:
    until: dict[int, float] = {}
    found: _Found = []
    for text in paid:
        new = [(number, size) for number, size in text.sentences if until.get(number, text.at) <= text.at]
        until.update((number, text.at + ttl_s) for number, _ in new)
        found.append((not new, 1 - _size(new) / max(1, _size(text.sentences))))
    return found


def _all_but_one(paid: Sequence[PaidText], ttl_s: float) -> _Found:
    kept: dict[tuple[int, ...], tuple[float, frozenset[int]]] = {}
    found: _Found = []
    for text in paid:
        alike = text.all_but_one
        like = next((kept[key] for key in alike if key in kept and kept[key][0] > text.at), None)
        new = [part for part in text.sentences if like and part[0] not in like[1]]
        found.append((like is not None, 1 - _size(new) / max(1, _size(text.sentences)) if like else 0.0))
        numbers = frozenset(number for number, _ in text.sentences)
        kept.update((key, (text.at + ttl_s, numbers)) for key in alike)
    return found


def _size(parts: Sequence[tuple[int, int]]) -> int:
    return sum(size for _, size in parts)
