"""Near misses: what looser keys would have found, from keyed hashes alone."""

from hashlib import blake2b

from prosepolish_core.calc.whatif.near_misses import NearMisses, near_misses, paid_texts
from prosepolish_core.watch.counts.access import AccessTrace

HOUR = 3600.0


def played(*texts: tuple[float, str]) -> NearMisses:
    trace = AccessTrace(b"k" * 32)
    chunks = trace.near_chunks([(hour * HOUR, text, None) for hour, text in texts])
    assert not any(text.encode() in chunk.records for chunk in chunks for _, text in texts)
    return near_misses(paid_texts(chunks), 24 * HOUR)


def shares(found: NearMisses) -> list[float]:
    return [key.share for key in found.keys]


def test_blanks_and_quotes_are_folded_and_words_are_not() -> None:
    """Every looser key finds such a text; another word none."""
    assert shares(played((0, "Teh fox’s “den”."), (1, ' Teh  fox\'s\n"den".'))) == [0.5, 0.5, 0.5]
    assert shares(played((0, "Teh fox."), (1, "Teh dog."))) == [0.0, 0.0, 0.0]


def test_sentences_of_two_texts_make_a_third() -> None:
    """Only sentence by sentence."""
    found = played((0, "One is. Two is."), (1, "Three is. Four is."), (2, "One is. Four is. Two is. Three is."))
    assert shares(found) == [0.0, 1 / 3, 0.0]


def test_one_changed_added_or_removed_sentence_is_all_but_one() -> None:
    """Two are too many."""
    base = "One is. Two is. Three is."
    for near in ("One is. Other is. Three is.", "One is. Two is. Three is. Four is.", "One is. Three is."):
        assert played((0, base), (1, near)).keys[2].share == 0.5
    assert played((0, base), (1, "Five is. Six is. Three is.")).keys[2].share == 0.0


def test_what_has_ended_is_found_no_more() -> None:
    """After 24 hours the same text is paid for again."""
    assert shares(played((0, "Teh fox."), (25, "Teh  fox."))) == [0.0, 0.0, 0.0]


def test_without_a_secret_nothing_is_kept_and_another_secret_gives_other_hashes() -> None:
    """Nobody without the secret can try texts."""
    texts = [(0.0, "Teh fox.", None)]
    assert AccessTrace(b"").near_chunks(texts) == []
    one, two = (AccessTrace(blake2b(bytes([n])).digest()).near_chunks(texts)[0].records for n in (1, 2))
    assert one[:6] != two[:6]
