"""A dictionary entry in the shape the Free Dictionary API answers with."""

import re
from typing import Any
from urllib.parse import quote

#: First letters of the package's part-of-speech notes -> the word the API uses; the first row that fits wins.
PARTS = (
    ("prop. n", "proper noun"),
    ("n", "noun"),
    ("adv", "adverb"),
    ("a", "adjective"),
    ("v", "verb"),
    ("p. p", "verb"),
    ("p. pr", "verb"),
    ("imp", "verb"),
    ("prep", "preposition"),
    ("pron", "pronoun"),
    ("conj", "conjunction"),
    ("interj", "interjection"),
    ("p. a", "adjective"),
)
LICENSE = {"name": "GPL 3.0", "url": "https://www.gnu.org/licenses/gpl-3.0"}
SOURCE = "https://gcide.gnu.org.ua/?q={word}"
#: Source notes the extraction left at the end of a sentence.
LEFTOVERS = re.compile(r"\s*[A-Z][\w. ]*(?:1913 Webster|PJC|WordNet 1\.5)\]?\s*$|\s*\[?(?:1913 Webster|PJC)\]\s*$")


def wire_entry(word: str, raw: dict[str, Any]) -> list[dict[str, Any]]:
    """The 200 answer: an array with one element per headword, its meanings by part of speech, licence and source."""
    meanings: dict[str, list[dict[str, Any]]] = {}
    for sense in raw.get("pos", []):
        definitions = meanings.setdefault(part_of_speech(sense.get("part_of_speech") or ""), [])
        for definition in sense.get("definitions", []):
            if text := clean(definition.get("text") or ""):
                definitions.append({"definition": text, "synonyms": [], "antonyms": [], **_example(definition)})
    return [
        {
            "word": word,
            "phonetics": [],
            "meanings": [
                {"partOfSpeech": part, "definitions": found, "synonyms": [], "antonyms": []}
                for part, found in meanings.items()
                if found
            ],
            "license": LICENSE,
            "sourceUrls": [SOURCE.format(word=quote(word))],
        }
    ]


def part_of_speech(note: str) -> str:
    """The API's word for the package's abbreviated note; `noun` when the note says nothing known."""
    note = note.strip().lower()
    return next((word for prefix, word in PARTS if note.startswith(prefix)), "noun")


def clean(text: str) -> str:
    """The text without the source notes that the extraction left in it."""
    return LEFTOVERS.sub("", text).strip()


def _example(definition: dict[str, Any]) -> dict[str, str]:
    examples = [cleaned for e in definition.get("examples") or [] if (cleaned := clean(e))]
    return {"example": examples[0]} if examples else {}
