"""The dictionary's words: indexed, read on demand, counted."""

from demo.lexicon import lexicon


def test_entries_are_read_from_disk_and_unknown_words_have_none() -> None:
    """A headword has its entry; an unknown word has none."""
    words = lexicon()

    entry = words.raw("eloquent")

    assert entry is not None
    assert entry["entry"] == "eloquent"
    assert words.raw("qqzx") is None


def test_every_place_in_the_index_leads_to_its_own_entry() -> None:
    """Wherever one looks, the entry at a headword's place is the headword's."""
    words = lexicon()
    some = sorted(words.places)[::2500]

    assert [words.raw(word)["entry"] for word in some] == some  # type: ignore[index]
    assert len(words.places) > 100_000


def test_frequent_words_come_first() -> None:
    """The frequency curve begins with the words that running text is made of, and every word in it is a headword."""
    words = lexicon()

    assert "the" in words.by_frequency[:5]
    assert words.frequencies["state"] > words.frequencies["effigy"] > 0
    assert all(word in words for word in words.by_frequency)
