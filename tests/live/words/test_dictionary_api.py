"""The dictionary API's client, against a scripted real server."""

from collections.abc import Iterator

import pytest

from prosepolish_core.live.words.dictionary_api import DictionaryHttp
from prosepolish_core.model.outcome import Outcome
from tests.support.http_server import Reply, ScriptedServer, scripted_server

NOT_FOUND = {"title": "No Definitions Found", "message": "Sorry pal.", "resolution": "Try again."}
ENTRY = [
    {
        "word": "bark",
        "phonetics": [{"audio": ""}, {"text": "/bɑːk/", "audio": "x"}],
        "meanings": [
            {"partOfSpeech": "noun", "definitions": [{"definition": "A dog's cry.", "synonyms": ["woof"], "example": "Hark"}]}
        ],
        "license": {"name": "CC BY-SA 3.0", "url": "https://creativecommons.org/licenses/by-sa/3.0"},
        "sourceUrls": ["https://en.wiktionary.org/wiki/bark"],
    },
    {
        "word": "bark",
        "meanings": [{"partOfSpeech": "verb", "definitions": [{"definition": "To cry as a dog."}], "antonyms": ["purr"]}],
    },
]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A scripted upstream."""
    with scripted_server(Reply(body=ENTRY)) as running:
        yield running


@pytest.fixture
def source(server: ScriptedServer) -> Iterator[DictionaryHttp]:
    """The client, fast enough for tests."""
    client = DictionaryHttp(server.url, per_s=1000, burst=1000)
    yield client
    client.close()


def test_a_word_of_several_etymologies_becomes_one_entry(server: ScriptedServer, source: DictionaryHttp) -> None:
    """Meanings of all elements are kept in order, with phonetics and the attribution that is owed."""
    found = source.fetch("bark", 1.0)
    assert found.outcome is Outcome.HIT
    assert found.entry is not None
    assert [m["part_of_speech"] for m in found.entry["meanings"]] == ["noun", "verb"]  # type: ignore[attr-defined]
    assert found.entry["phonetic"] == "/bɑːk/"
    assert found.entry["license"] == {"name": "CC BY-SA 3.0", "url": "https://creativecommons.org/licenses/by-sa/3.0"}
    assert found.entry["source_urls"] == ["https://en.wiktionary.org/wiki/bark"]
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("bark", "bark"),
        ("naïve", "na%C3%AFve"),
        ("ice cream", "ice%20cream"),
        ("and/or", "and%2For"),
        ("what?", "what%3F"),
        ("c#", "c%23"),
        ("100%", "100%25"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("e.g.", "e.g."),
    ],
)
def test_any_word_is_one_path_segment(server: ScriptedServer, source: DictionaryHttp, word: str, path: str) -> None:
    """No word can leave its place in the address, whatever characters it has."""
    source.fetch(word, 1.0)
    assert server.requests[-1].path == f"/api/v2/entries/en/{path}"


def test_only_the_api_s_own_404_means_that_the_word_does_not_exist(server: ScriptedServer, source: DictionaryHttp) -> None:
    """The title makes it a negative answer; the same status or the same title otherwise is a fault."""
    server.reply(Reply(404, NOT_FOUND))
    assert source.fetch("xqzzt", 1.0).outcome is Outcome.NEGATIVE_HIT
    for status, body in ((404, b"<h1>nginx</h1>"), (404, {"title": "Oops"}), (404, [NOT_FOUND]), (500, NOT_FOUND), (522, b"")):
        server.reply(Reply(status, body))
        found = source.fetch("word", 1.0)
        assert (found.outcome, found.detail) == (Outcome.ERROR, str(status))


@pytest.mark.parametrize(
    ("reply", "outcome", "detail"),
    [
        (Reply(200, b"[{"), Outcome.ERROR, "malformed"),
        (Reply(200, b"[NaN]"), Outcome.ERROR, "malformed"),
        (Reply(200, b"[" * 100_000), Outcome.ERROR, "malformed"),
        (Reply(200, '[{"word": "bark"}]'.encode("utf-16")), Outcome.ERROR, "malformed"),
        (Reply(200, []), Outcome.ERROR, "malformed"),
        (Reply(200, {"unexpected": 1}), Outcome.ERROR, "malformed"),
        (Reply(200, [{"word": "bark", "meanings": []}]), Outcome.ERROR, "no_meanings"),
        (Reply(200, [{"word": 5, "meanings": ENTRY[0]["meanings"]}]), Outcome.ERROR, "malformed"),
        (Reply(200, ENTRY, cut_at=50), Outcome.ERROR, "disconnected"),
        (Reply(200, b" " * 600_000), Outcome.ERROR, "too_large"),
        (Reply(200, ENTRY, {"Content-Encoding": "gzip"}), Outcome.ERROR, "encoding"),
        (Reply(302, b"", {"Location": "http://127.0.0.1:1/secret"}), Outcome.ERROR, "redirect"),
        (Reply(301, b"", {"Location": "/api/v1/"}), Outcome.ERROR, "redirect"),
        (Reply(503, b"busy"), Outcome.ERROR, "503"),
        (Reply(408, b""), Outcome.TIMEOUT, "408"),
        (Reply(504, b""), Outcome.TIMEOUT, "504"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_not_an_answer_is_a_typed_fault(
    server: ScriptedServer, source: DictionaryHttp, reply: Reply, outcome: Outcome, detail: str
) -> None:
    """Each broken reply is a fault with a short machine word, asked once, and the next word is answered again."""
    server.reply(reply, Reply(body=ENTRY))
    found = source.fetch("bark", 1.0)
    assert (found.outcome, found.detail, found.entry) == (outcome, detail, None)
    assert len(server.requests) == 1
    assert source.fetch("bark", 1.0).outcome is Outcome.HIT


def test_nobody_listening_is_an_error() -> None:
    """A closed port is a typed fault."""
    with scripted_server(Reply()) as gone:
        url = gone.url
    found = DictionaryHttp(url).fetch("bark", 1.0)
    assert (found.outcome, found.detail) == (Outcome.ERROR, "connect")


def test_a_host_without_an_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve is a typed fault."""

    def unknown(*_: object, **__: object) -> None:
        raise OSError("name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    found = DictionaryHttp("http://dictionary.example").fetch("bark", 5.0)
    assert (found.outcome, found.detail) == (Outcome.ERROR, "connect")


@pytest.mark.parametrize("reply", [Reply(body=ENTRY, delay_s=5.0), Reply(body=ENTRY, drip_s=0.01)], ids=["silent", "dripping"])
def test_the_deadline_is_total(server: ScriptedServer, source: DictionaryHttp, reply: Reply) -> None:
    """Silence and a steady drip both end at the deadline, although the drip never pauses for long."""
    server.reply(reply)
    found = source.fetch("bark", 0.1)
    assert (found.outcome, found.detail) == (Outcome.TIMEOUT, "deadline")


def test_a_passed_deadline_asks_nobody(server: ScriptedServer, source: DictionaryHttp) -> None:
    """With no time left the upstream hears nothing."""
    assert source.fetch("bark", 0.0).outcome is Outcome.TIMEOUT
    assert server.requests == []


def test_429_closes_the_door_for_as_long_as_it_asks(server: ScriptedServer, source: DictionaryHttp) -> None:
    """After a 429 the next words are refused here, without a request, with the seconds left."""
    server.reply(Reply(429, b"Too many requests", {"Retry-After": "30", "Content-Type": "text/html"}), Reply(body=ENTRY))
    first, second = source.fetch("bark", 1.0), source.fetch("tree", 1.0)
    assert (first.outcome, first.detail, first.retry_after_s) == (Outcome.REFUSED, "429", 30.0)
    assert (second.outcome, second.detail) == (Outcome.REFUSED, "paced")
    assert second.retry_after_s is not None
    assert 29 < second.retry_after_s <= 30
    assert len(server.requests) == 1


def test_an_outage_that_says_how_long_is_believed(server: ScriptedServer, source: DictionaryHttp) -> None:
    """A 503 with Retry-After is an error, and the API is left alone for as long."""
    server.reply(Reply(503, b"", {"Retry-After": "20"}))
    assert source.fetch("bark", 1.0)[:4] == (Outcome.ERROR, None, "503", 20.0)
    assert source.fetch("tree", 1.0).detail == "paced"


def test_a_429_without_retry_after_still_gives_the_api_a_rest(server: ScriptedServer, source: DictionaryHttp) -> None:
    """A second and a half when it does not say."""
    server.reply(Reply(429, b""))
    source.fetch("bark", 1.0)
    assert 1 < (source.fetch("tree", 1.0).retry_after_s or 0) <= 1.5


def test_being_locked_out_is_a_refusal(server: ScriptedServer, source: DictionaryHttp) -> None:
    """A 403 is not 'no such word', and is not tried again at once."""
    server.reply(Reply(403, b"blocked"))
    found = source.fetch("bark", 1.0)
    assert (found.outcome, found.detail) == (Outcome.REFUSED, "forbidden")
    assert source.fetch("tree", 1.0).detail == "paced"


def test_the_pace_is_kept(server: ScriptedServer) -> None:
    """Beyond the burst, words are refused with the seconds to wait, and the API is not asked."""
    slow = DictionaryHttp(server.url, per_s=0.01, burst=2)
    found = [slow.fetch("bark", 1.0) for _ in range(3)]
    assert [f.outcome for f in found] == [Outcome.HIT, Outcome.HIT, Outcome.REFUSED]
    assert len(server.requests) == 2


def test_connections_are_kept(server: ScriptedServer, source: DictionaryHttp) -> None:
    """Words asked one after another travel over one connection."""
    for _ in range(5):
        assert source.fetch("bark", 1.0).outcome is Outcome.HIT
    assert server.connections == 1


def test_cookies_are_not_kept(server: ScriptedServer, source: DictionaryHttp) -> None:
    """What the API sets is not sent back."""
    server.reply(Reply(body=ENTRY, headers={"Set-Cookie": "follow=me"}))
    source.fetch("bark", 1.0)
    source.fetch("bark", 1.0)
    assert "cookie" not in {name.lower() for name in server.requests[-1].headers}


def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch, server: ScriptedServer) -> None:
    """A proxy in the environment cannot redirect our requests."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert DictionaryHttp(server.url).fetch("bark", 1.0).outcome is Outcome.HIT
