"""Entries in the Free Dictionary API's shape."""

import pytest

from demo.lexicon import lexicon
from demo.standins.entries import clean, part_of_speech, wire_entry


def test_an_entry_has_the_shape_of_the_api() -> None:
    """One element, its meanings with definitions, its licence and its source."""
    raw = lexicon().raw("eloquent")
    assert raw is not None

    (element,) = wire_entry("eloquent", raw)

    assert set(element) == {"word", "phonetics", "meanings", "license", "sourceUrls"}
    assert element["meanings"][0]["partOfSpeech"] == "adjective"
    assert set(element["meanings"][0]["definitions"][0]) >= {"definition", "synonyms", "antonyms"}
    assert all("1913" not in d["definition"] for m in element["meanings"] for d in m["definitions"])


@pytest.mark.parametrize(
    ("note", "word"),
    [("n.", "noun"), ("v. t.", "verb"), ("a. & n.", "adjective"), ("adv.", "adverb"), ("prop. n.", "proper noun"), ("", "noun")],
)
def test_parts_of_speech_are_the_apis_words(note: str, word: str) -> None:
    """The package's notes become plain words."""
    assert part_of_speech(note) == word


def test_source_notes_are_removed_and_text_is_kept() -> None:
    """Only what the extraction left behind goes."""
    assert clean("O Death, all-eloquent! You only prove Pope.1913 Webster]") == "O Death, all-eloquent!"
    assert clean("A plain sentence. ") == "A plain sentence."
