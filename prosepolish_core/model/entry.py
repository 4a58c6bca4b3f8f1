"""Entries: what a dictionary says about one word, with the attribution it owes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Definition:
    """One sense of a word."""

    definition: str
    example: str = ""
    synonyms: tuple[str, ...] = ()
    antonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """The senses of a word as one part of speech."""

    part_of_speech: str
    definitions: tuple[Definition, ...]
    synonyms: tuple[str, ...] = ()
    antonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class License:
    """Under which terms the text may be shown."""

    name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One word and its meanings. `source` is the tier that gave it."""

    word: str
    phonetic: str = ""
    meanings: tuple[Meaning, ...] = ()
    license: License = License()
    source_urls: tuple[str, ...] = ()
    source: str = ""

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read a plain dictionary; what is missing or of another shape is left out, never raised about."""
        terms = _mapping(plain.get("license"))
        return cls(
            word=_text(plain.get("word")),
            phonetic=_text(plain.get("phonetic")),
            meanings=tuple(_meaning(m) for m in _mappings(plain.get("meanings"))),
            license=License(_text(terms.get("name")), _text(terms.get("url"))),
            source_urls=_texts(plain.get("source_urls")),
            source=_text(plain.get("source")),
        )

    def to_dict(self) -> dict[str, Any]:
        """The plain dictionary that `from_dict` reads back; lists for sequences, so that it equals its JSON."""
        return {k: _plain(v) for k, v in asdict(self).items()}


def _meaning(plain: Mapping[str, Any]) -> Meaning:
    return Meaning(
        _text(plain.get("part_of_speech")),
        tuple(
            Definition(_text(d.get("definition")), _text(d.get("example")), _texts(d.get("synonyms")), _texts(d.get("antonyms")))
            for d in _mappings(plain.get("definitions"))
        ),
        _texts(plain.get("synonyms")),
        _texts(plain.get("antonyms")),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(v for v in _items(value) if isinstance(v, str))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(v for v in _items(value) if isinstance(v, Mapping))


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()
