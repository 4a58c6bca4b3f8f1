"""The API's body as a plain entry."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.words.dictionary_api import LONGEST, MOST_DEFINITIONS, MOST_MEANINGS, read_entry
from prosepolish_core.model.entry import Entry

odd = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["word", "meanings", "definitions", "definition", "phonetics", "license"]), inner, max_size=4
        )
    ),
    max_leaves=15,
)


@given(odd)
def test_no_shape_raises(body: Any) -> None:
    """Whatever JSON the upstream sends, the reader gives an entry or None."""
    entry = read_entry(body)
    assert entry is None or (entry["word"] and entry["meanings"])


def test_what_it_reads_is_what_entry_reads() -> None:
    """Nothing is lost between this reader and the entry of the model."""
    definition = {"definition": "A cry.", "synonyms": ["woof"], "antonyms": ["purr"], "example": "Hark."}
    entry = read_entry([{"word": "bark", "phonetic": "/b/", "meanings": [{"partOfSpeech": "noun", "definitions": [definition]}]}])
    assert entry is not None
    assert Entry.from_dict(entry).to_dict() == entry


def test_lists_and_texts_are_bounded() -> None:
    """A hostile body cannot make an entry without end, and control characters do not pass."""
    definitions = [{"definition": f"{i}\x1b[31m" + "x" * 10_000} for i in range(500)]
    entry = read_entry([{"word": "w", "meanings": [{"partOfSpeech": "noun", "definitions": definitions}] * 500}])
    assert entry is not None
    read = Entry.from_dict(entry)
    assert len(read.meanings) == MOST_MEANINGS
    assert len(read.meanings[0].definitions) == MOST_DEFINITIONS
    text = read.meanings[0].definitions[0].definition
    assert len(text) <= LONGEST
    assert text.isprintable()
