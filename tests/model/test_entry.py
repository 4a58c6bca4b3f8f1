"""Entries survive the way through plain dictionaries, whatever those hold."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.entry import Entry

FIELDS = [
    "word",
    "phonetic",
    "meanings",
    "definitions",
    "definition",
    "example",
    "synonyms",
    "license",
    "source_urls",
    "part_of_speech",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8))
def test_any_plain_dictionary_can_be_read(plain: dict[str, object]) -> None:
    """What is missing or of another shape is left out; what was read is written and read again the same."""
    entry = Entry.from_dict(plain)
    assert Entry.from_dict(entry.to_dict()) == entry


def test_an_entry_keeps_its_attribution() -> None:
    """Licence and sources are part of the entry."""
    plain = {
        "word": "eloquent",
        "phonetic": "/ˈɛləkwənt/",
        "meanings": [{"part_of_speech": "adjective", "definitions": [{"definition": "Fluent.", "example": "An eloquent speech."}]}],
        "license": {"name": "CC BY-SA 3.0", "url": "https://creativecommons.org/licenses/by-sa/3.0"},
        "source_urls": ["https://en.wiktionary.org/wiki/eloquent"],
        "source": "dictionary_api",
    }
    entry = Entry.from_dict(plain)
    assert entry.license.name == "CC BY-SA 3.0"
    assert entry.source_urls == ("https://en.wiktionary.org/wiki/eloquent",)
    assert entry.meanings[0].definitions[0].example == "An eloquent speech."
    assert entry.to_dict()["meanings"][0]["part_of_speech"] == "adjective"
