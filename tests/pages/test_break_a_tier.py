"""Playground, Break a tier: the buttons break and mend the demo's stand-ins, and what is shown is what is so."""

import pytest
from streamlit.testing.v1 import AppTest

from demo.standins import StandIns
from tests.dashboard.stack import NOWHERE, demo, installed
from tests.pages.test_pages import open_page, said
from tests.pages.test_sign_in import SETTINGS, opened, press, signed_in

pytestmark = pytest.mark.live
PANEL = "Break a tier"


def answered_by(at: AppTest) -> str:
    """What the tile of the newest call says."""
    return str({metric.label: metric.value for metric in at.metric}["Answered by"])


def test_a_broken_upstream_is_told_its_work_goes_one_tier_down_and_mended_it_answers_again(
    valkey_url: str, database_url: str
) -> None:
    """Each button does what it says, for its own upstream and no other."""
    with (
        StandIns(speed=1000, limit=100_000) as up,
        demo(up, valkey_url, database_url, PROSEPOLISH_FAULTS_URL=up.control.url) as core,
    ):
        core.dictionary.lookup("eloquent")
        at = open_page("playground.py", **{"try": PANEL})
        assert said(at).count("works]") == 2
        at.button(key="break-look").click().run()
        assert answered_by(at) == "Dictionary API"

        at.button(key="Failing-dictionary_api").click().run()
        assert "fails with status 503" in said(at)
        assert said(at).count("works]") == 1
        assert not up.gemini.script.waiting()
        at.button(key="break-look").click().run()
        assert not at.exception
        assert answered_by(at) != "Dictionary API"

        at.button(key="Slow-dictionary_api").click().run()  # in the place of the other fault, not beside it
        assert [fault.kind for fault in up.dictionary_api.script.waiting()] == ["slow"]
        assert "answers 5 s late" in said(at)

        at.button(key="Mend-dictionary_api").click().run()
        assert not up.dictionary_api.script.waiting()
        assert said(at).count("works]") == 2


def test_a_viewer_breaks_nothing(valkey_url: str, database_url: str) -> None:
    """Breaking and mending are an operator's; both are written down with who did it."""
    with (
        StandIns(speed=1000) as up,
        installed(
            REDIS_URL=valkey_url,
            DATABASE_URL=database_url,
            PROSEPOLISH_STAND_INS="gemini",
            PROSEPOLISH_FAULTS_URL=up.control.url,
            **SETTINGS,
        ) as core,
    ):
        at = opened(signed_in("v"), "playground.py", **{"try": PANEL})
        press(at, "Failing")
        assert "you have to be an operator" in at.error[0].value
        assert not up.gemini.script.waiting()

        at = opened(signed_in("o"), "playground.py", **{"try": PANEL})
        press(at, "Refusing")
        assert [fault.status for fault in up.gemini.script.waiting()] == [429]
        found = {(row.action, row.actor, row.outcome, row.subject) for row in core.audit.newest()}
        assert found == {
            ("break", "somebody-v", "refused", "gemini: Failing"),
            ("break", "somebody-o", "allowed", "gemini: Refusing"),
        }


def test_without_the_demo_there_is_nothing_to_break(valkey_url: str, database_url: str) -> None:
    """A link to the panel opens the word instead."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("playground.py", **{"try": PANEL})

        assert not at.exception
        assert at.text_input(key="word")
        assert PANEL not in at.button_group(key="try").options


def test_stand_ins_that_do_not_answer_are_said_to_be_away(valkey_url: str, database_url: str) -> None:
    """No button is offered that would do nothing."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url, PROSEPOLISH_FAULTS_URL=NOWHERE):
        at = open_page("playground.py", **{"try": PANEL})

        assert not at.exception
        assert "The stand-ins do not answer" in at.error[0].value
        assert not [button for button in at.button if button.label == "Failing"]
