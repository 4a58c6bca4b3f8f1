"""The stand-in for the Free Dictionary API, without sockets."""

import json

from demo.lexicon import lexicon
from demo.standins.dictionary_api import PATH, DictionaryApi, Pace


def ask(word: str, pace: Pace | None = None) -> tuple[int, object]:
    """Status and body for one word."""
    answer = DictionaryApi(lexicon(), pace or Pace()).answer(PATH + word, b"", "here", None)
    return answer.status, json.loads(answer.body) if "json" in answer.content_type else answer.body


def test_a_word_is_found_whatever_its_case_and_encoding() -> None:
    """The word is decoded, trimmed and lower-cased, as the service does."""
    status, body = ask("%20Eloquent")

    assert status == 200
    assert isinstance(body, list)
    assert body[0]["word"] == "eloquent"


def test_unknown_and_function_words_are_the_404_object() -> None:
    """404 is one JSON object with the title the clients know."""
    for word in ("qqzx", "is", "%00", "../../etc"):
        status, body = ask(word)
        assert status == 404
        assert isinstance(body, dict)
        assert set(body) == {"title", "message", "resolution"}
        assert body["title"] == "No Definitions Found"


def test_over_the_limit_the_answer_is_text_with_retry_after_until_the_window_ends() -> None:
    """429 is no JSON; it tells when to come back, and then the service answers again."""
    now = [0.0]
    pace = Pace(limit=2, window_s=300, clock=lambda: now[0])
    api = DictionaryApi(lexicon(), pace)
    answers = [api.answer(PATH + "cat", b"", "here", None) for _ in range(3)]

    assert [a.status for a in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "300"
    assert not answers[2].body.startswith(b"{")
    assert api.answer(PATH + "cat", b"", "elsewhere", None).status == 200
    now[0] = 300.0
    assert api.answer(PATH + "cat", b"", "here", None).status == 200
