"""The Free Dictionary API's 200 body as a plain entry: fields we know, text only, bounded lists, attribution kept."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

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
    """The value as one line of text: a word or sentence without control characters, cut at the cap; '' for anything else."""
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:LONGEST]).strip()
