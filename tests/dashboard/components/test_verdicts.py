"""The verdict list says in words how many checks are well."""

import pytest
from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from dashboard.components.verdicts import verdict_list
    from prosepolish_core.model.health import Level, Verdict

    levels = st.session_state["levels"]
    verdict_list([Verdict(f"Check {n}", Level(level), "its reason costs $5 [x]") for n, level in enumerate(levels)])


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        (["ok", "ok", "unknown"], "2 checks are ok, 1 cannot be judged yet"),
        (["ok"], "1 check is ok"),
        (["unknown"], "1 check cannot be judged yet"),
        (["unknown", "unknown"], "2 checks cannot be judged yet"),
        (["warning", "ok"], "1 check is ok"),
    ],
)
def test_what_is_well_is_folded_away_under_a_true_sentence(levels: list[str], told: str) -> None:
    """What is amiss stands outside; a dollar sign and a bracket stay what they are."""
    at = AppTest.from_function(_page)
    at.session_state["levels"] = levels
    at.run()

    assert not at.exception
    assert at.expander[0].label == told
    assert all(r"\$5 \[x\]" in text.value for text in at.markdown)
    assert len(at.markdown) == len(set(levels) & {"warning"}) + 1


@pytest.mark.parametrize(
    ("level", "begins"),
    [
        ("ok", ":green[:material/check_circle: **ok**]"),
        ("unknown", ":gray[:material/help: **unknown**]"),
        ("warning", ":orange[:material/warning: **warning**]"),
        ("critical", ":red[:material/error: **critical**]"),
    ],
)
def test_each_level_has_its_own_colour_icon_and_word(level: str, begins: str) -> None:
    """Red is critical and nothing else; whoever sees no colour reads the word."""
    at = AppTest.from_function(_page)
    at.session_state["levels"] = [level]
    at.run()

    assert at.markdown[0].value.startswith(begins)
