"""Tier 3: the Free Dictionary API over HTTP, its 200 body read as a plain entry.

Only its own 404 shape means "no such word".
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from time import monotonic
from typing import Any
from urllib.parse import quote

import httpx

from ...calc.strict_json import MalformedJson, parse
from ...drivers.http_bounded import UpstreamFault, bounded_client, deadline, fault_of
from ...drivers.pacing import Pacer
from ...model.outcome import Outcome, Tier
from ...model.tier_replies import Fetched

#: Caps on what one entry may hold; the longest real entries are far below them.
MOST_MEANINGS = 40
MOST_DEFINITIONS = 60
MOST_WORDS = 60
LONGEST = 2000

Entry = dict[str, object]


def read_entry(body: Any) -> Entry | None:
    """One entry out of the API's array (an element per etymology), or None when the shape is not the API's."""
    if not isinstance(body, list) or not body or not all(isinstance(e, Mapping) for e in body):
        return None
    word = _text(body[0].get("word"))
    meanings = list(islice((meaning for element in body for meaning in _meanings(element.get("meanings"))), MOST_MEANINGS))
    if not word or not meanings:
        return None
    entry: Entry = {"word": word, "phonetic": _phonetic(body), "meanings": meanings, "source": "dictionary_api"}
    licence: Mapping[str, object] = next((e["license"] for e in body if isinstance(e.get("license"), Mapping)), {})
    entry["license"] = {"name": _text(licence.get("name")), "url": _text(licence.get("url"))}
    entry["source_urls"] = _words([url for e in body for url in _list(e.get("sourceUrls"))])
    return entry


def _meanings(value: Any) -> Iterator[dict[str, object]]:
    for meaning in _list(value):
        definitions = (
            list(islice(_definitions(meaning.get("definitions")), MOST_DEFINITIONS)) if isinstance(meaning, Mapping) else []
        )
        if definitions:
            yield {
                "part_of_speech": _text(meaning.get("partOfSpeech")),
                "definitions": definitions,
                "synonyms": _words(meaning.get("synonyms")),
                "antonyms": _words(meaning.get("antonyms")),
            }


def _definitions(value: Any) -> Iterator[dict[str, object]]:
    for definition in _list(value):
        if isinstance(definition, Mapping) and (text := _text(definition.get("definition"))):
            yield {
                "definition": text,
                "example": _text(definition.get("example")),
                "synonyms": _words(definition.get("synonyms")),
                "antonyms": _words(definition.get("antonyms")),
            }


def _phonetic(body: list[Any]) -> str:
    """The first phonetic spelling, wherever an element keeps it."""
    for element in body:
        for candidate in (element, *_list(element.get("phonetics"))):
            if isinstance(candidate, Mapping) and (
                text := _text(candidate.get("phonetic") if candidate is element else candidate.get("text"))
            ):
                return text
    return ""


def _words(value: Any) -> list[str]:
    return list(dict.fromkeys(text for item in _list(value)[:MOST_WORDS] if (text := _text(item))))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """The value as one line of text: a word or sentence without control characters, cut at the cap;
    '' for anything else.
    """
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:LONGEST]).strip()


#: The largest real answers (many etymologies) stay well below this.
MAX_BYTES = 512 * 1024
#: The API's published limit is 450 requests in 5 minutes for each address; 1.2 a second and a burst of 30 stay below
#: it.
PER_S = 1.2
BURST = 30
NO_SUCH_WORD = "No Definitions Found"


class DictionaryHttp:
    """A word source. Thread-safe; paced; every fault of the API is a typed outcome."""

    tier = Tier.DICTIONARY_API

    def __init__(self, base_url: str, *, per_s: float = PER_S, burst: int = BURST, pool_size: int = 32) -> None:
        self._url = base_url.rstrip("/") + "/api/v2/entries/en/"
        self._client = bounded_client(base_url, max_bytes=MAX_BYTES, pool_size=pool_size)
        self._pacer = Pacer(per_s, burst)

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """Ask for one word as it is spelt."""
        if wait := self._pacer.take():
            return Fetched(Outcome.REFUSED, detail="paced", retry_after_s=wait)
        try:
            return self._read(self._get(word, monotonic() + timeout_s))
        except UpstreamFault as fault:
            if fault.retry_after_s is not None or fault.outcome is Outcome.REFUSED:
                self._pacer.heed(fault.retry_after_s)
            detail = "forbidden" if fault.detail == "key_refused" else fault.detail  # this API knows no keys
            return Fetched(fault.outcome, detail=detail, retry_after_s=fault.retry_after_s)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _get(self, word: str, until: float) -> httpx.Response:
        with deadline(until - monotonic()):
            return self._client.get(self._url + _segment(word), headers={"accept": "application/json"})

    def _read(self, reply: httpx.Response) -> Fetched:
        body = _json(reply)
        if reply.status_code == 200:
            entry = read_entry(body)
            if entry is None:
                return Fetched(Outcome.ERROR, detail="no_meanings" if _is_entry(body) else "malformed")
            return Fetched(Outcome.HIT, entry)
        if reply.status_code == 404 and isinstance(body, Mapping) and body.get("title") == NO_SUCH_WORD:
            return Fetched(Outcome.NEGATIVE_HIT, detail="404")
        raise fault_of(reply.status_code, reply.headers, body)


def _is_entry(body: Any) -> bool:
    """Whether the body has the API's shape, whatever it says about the word."""
    elements = body if isinstance(body, list) and all(isinstance(e, Mapping) for e in body) else []
    return bool(elements) and all(isinstance(e.get("word"), str) and isinstance(e.get("meanings"), list) for e in elements)


def _json(reply: httpx.Response) -> Any:
    """The body, or None when it is not JSON (a 429 of this API is plain text;
    a truncated 200 is refused by its shape).
    """
    try:
        return parse(reply.content)
    except MalformedJson:
        return None


def _segment(word: str) -> str:
    """The word as one path segment.

    Words made of dots alone would otherwise be read as 'this folder' or 'the one above'.
    """
    return word.replace(".", "%2E") if not word.strip(".") else quote(word, safe="")
