"""The largest entries (`run`, `set`) cut to their most useful senses, so that Redis takes them:
they are the most wanted ones.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import orjson

Entry = Mapping[str, Any]
#: An entry of so many bytes packs to less than Redis takes (10 KB), and is still read in a fraction of a millisecond.
MOST_BYTES = 20_000
#: Tried in turn: most (definitions of a part of speech, related words of one, meanings). Dictionaries give the common
#: senses first.
SIZES = ((60, 20, 40), (40, 12, 40), (25, 8, 30), (15, 5, 20), (10, 5, 15), (6, 3, 12), (4, 0, 10), (2, 0, 8), (1, 0, 5), (1, 0, 1))


def cut(entry: Entry) -> Entry:
    """The entry itself when it is small enough;
    otherwise with as many senses as fit, the first ones of every part of speech.
    """
    for smaller in chain((entry,), _smaller(entry)):
        if len(orjson.dumps(smaller)) <= MOST_BYTES:
            return smaller
    return entry


def _smaller(entry: Entry) -> Iterator[Entry]:
    meanings = entry.get("meanings") or ()
    for definitions, words, most in SIZES:
        fewer = [_fewer_senses(meaning, definitions, words) for meaning in meanings[:most]]
        yield {**entry, "meanings": fewer, "source_urls": (entry.get("source_urls") or ())[:5]}


def _fewer_senses(meaning: Entry, most: int, words: int) -> dict[str, Any]:
    definitions = meaning.get("definitions") or ()
    return {**_fewer_words(meaning, words), "definitions": [_fewer_words(one, words) for one in definitions[:most]]}


def _fewer_words(part: Entry, most: int) -> dict[str, Any]:
    """A meaning or a definition with fewer synonyms and antonyms."""
    return {**part, **{name: part[name][:most] for name in ("synonyms", "antonyms") if name in part}}
