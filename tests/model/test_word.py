"""Words are normalised by one pipeline, and what cannot be a word is refused."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidWord
from prosepolish_core.model.typography import FORMS
from prosepolish_core.model.word import MOST_BYTES, MOST_CHARACTERS, normalise, spelled


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("Eloquent", "eloquent"),
        ("  naïve \n", "naïve"),
        ("nai\u0308ve", "na\u00efve"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Ice Cream", "ice cream"),
        ("can't", "can't"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_spellings_of_one_word_become_the_same_word(typed: str, word: str) -> None:
    """Case, surrounding space and composition do not matter; joiners that belong to the spelling stay."""
    assert normalise(typed) == word


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "\u200d", "a\x00b", "a\nb", "\ud800", "a\u202eb", "\ufeff", "a" * 65, "é" * 65, "😀" * 65, "x" * 100_000, "\ue000"],
)
def test_what_cannot_be_a_word_is_refused(typed: str) -> None:
    """Empty, too long, control, invisible, surrogate and private characters are an InvalidWord,
    which is a ValueError.
    """
    with pytest.raises(InvalidWord) as refused:
        normalise(typed)
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(
    "typed",
    [
        *("😀", "👍🏽", "❤️", "🇩🇪", "good 😀", "→", "©", "°", "€", "$5", "±", "...", "?!", "--", "—", "「」"),
        *(
            "<b>word</b>",
            "<word>",
            "**word**",
            "_word_",
            "`word`;",
            "[word](x)",
            "# word",
            "&lt;b&gt;",
            "{{word}}",
            "\\word",
            "“word”",
            '"word"',
        ),
        *(
            "select name from users",
            "SELECT 1 FROM t",
            "'; DROP TABLE users",
            "drop table words",
            "x' or 1=1",
            "a OR 1",
            "insert into t",
            "x -- y",
        ),
        *(
            "https://a.example/b",
            "www.example.com",
            "//a/b",
            "a@b.example",
            "/etc/passwd",
            "a = b",
            "a | b",
            "x^2",
            "f(x)",
            "a*b",
            "C:\\x",
            "~x",
        ),
    ],
)
def test_what_no_dictionary_has_is_refused_before_anybody_is_asked(typed: str) -> None:
    """Emoji and signs, markup, statements to a database, addresses, code."""
    with pytest.raises(InvalidWord):
        normalise(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "can't",
            "ice-cream",
            "rock 'n' roll",
            "e.g.",
            "and/or",
            "AT&T",
            "C++",
            "C#",
            "24/7",
            "3D",
            "100%",
            "x²",
            "½",
            "o'clock",
            "Dr.",
            "yahoo!",
        ),
        *(
            "l·l",
            "¿qué?",
            "π",
            "Ångström",
            "façade",
            "日本語",
            "말",
            "สวัสดี",
            "नमस्ते",
            "ژ",
            "ץ״ץ",
            "select",
            "drop",
            "a drop in the ocean",
            "union",
        ),
        *("insert", "update", "table set", "delete", "either or", "Hawaiʻi", "བོད་", "ъ", "ǃkung"),
    ],
)
def test_what_a_dictionary_may_have_is_a_word(typed: str) -> None:
    """Whatever script, with the signs that words have."""
    assert normalise(typed)


WORDS = st.text(st.sampled_from("abcdeßσςλéïاکمन가語'- .&"), min_size=1, max_size=20)
VARIANTS = {plain: (plain, *forms) for plain, forms in FORMS.items() if plain}


@given(WORDS, st.data())
def test_typesetting_makes_no_other_word(word: str, data: st.DataObject) -> None:
    """Any apostrophe, hyphen and blank, doubled blanks, soft hyphens and other unseen characters:
    one key, one spelling.
    """
    try:
        plain = normalise(word)
    except InvalidWord:
        return
    typeset = ""
    for character in spelled(word):
        typeset += data.draw(st.sampled_from(VARIANTS.get(character, character)))
        typeset += data.draw(st.sampled_from(["", *FORMS[""]])) if len(typeset) < 40 else ""
        typeset += data.draw(st.sampled_from(["", " ", "\u00a0"])) if character == " " else ""
    assert normalise(typeset) == plain
    assert spelled(typeset) == spelled(word)


@given(st.text(max_size=80))
def test_a_spelling_keeps_its_case_and_its_key(typed: str) -> None:
    """What upstreams are asked for has the same key, and is its own spelling."""
    try:
        word = normalise(typed)
    except InvalidWord:
        return
    assert normalise(spelled(typed)) == word
    assert spelled(spelled(typed)) == spelled(typed)


@pytest.mark.parametrize(
    ("typed", "spelling"),
    [
        ("Straße", "Straße"),
        (" λόγος ", "λόγος"),
        ("Don’t", "Don't"),
        ("ﬁne", "fine"),
        ("ＡＢＣ", "ABC"),
        ("Ice\u00a0\u00a0Cream", "Ice Cream"),
    ],
)
def test_upstreams_are_asked_with_the_spelling_that_was_typed(typed: str, spelling: str) -> None:
    """Folding for the key would ask for `strasse` and `λόγοσ`, which no dictionary has."""
    assert spelled(typed) == spelling


@pytest.mark.parametrize(
    ("one", "two"),
    [
        *(
            ("resume", "résumé"),
            ("well", "we'll"),
            ("recreate", "re-create"),
            ("icecream", "ice cream"),
            ("ice-cream", "ice cream"),
            ("x2", "x²"),
        ),
        *(
            ("naive", "naïve"),
            ("می\u200cخواهم", "میخواهم"),
            ("a", "а"),
            ("ο", "o"),
            ("its", "it's"),
            ("c", "c++"),
            ("c", "c#"),
            ("e.g", "e.g."),
        ),
    ],
)
def test_words_that_differ_keep_different_keys(one: str, two: str) -> None:
    """Marks, apostrophes, hyphens, blanks, joiners and scripts tell words apart."""
    assert normalise(one) != normalise(two)


KEYS = st.text(st.sampled_from("abcßéïλσयو'- .,&/+#"), min_size=1, max_size=12)


@given(KEYS, KEYS)
def test_only_case_composition_and_typesetting_make_words_one(one: str, two: str) -> None:
    """Two texts of plain characters have one key only when they differ by case, by outer and doubled blanks."""
    try:
        same = normalise(one) == normalise(two)
    except InvalidWord:
        return
    assert same == (" ".join(one.casefold().split()) == " ".join(two.casefold().split()))


def test_something_that_is_not_text_is_refused() -> None:
    """None and numbers are an InvalidWord, not a TypeError from somewhere inside."""
    with pytest.raises(InvalidWord):
        normalise(7)  # type: ignore[arg-type]


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(typed: str) -> None:
    """A normalised word is its own normal form, so that it has one key only."""
    try:
        word = normalise(typed)
    except InvalidWord:
        return
    assert normalise(word) == word
    assert 0 < len(word) <= MOST_CHARACTERS
    assert len(word.encode()) <= MOST_BYTES


def test_every_single_character_is_refused_or_has_one_normal_form() -> None:
    """All of Unicode that folding or composing changes: folding a folded character again changes nothing."""
    unstable = []
    for number in range(0x110000):
        if chr(number).casefold() == normalize("NFC", chr(number)) == chr(number):
            continue
        try:
            word = normalise(chr(number))
        except InvalidWord:
            continue
        if normalise(word) != word:
            unstable.append(number)
    assert unstable == []
