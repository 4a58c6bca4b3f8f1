import streamlit as st

from dashboard import runtime
from dashboard.components.live import live
from dashboard.components.verdicts import dependency_list
from dashboard.sections import overview as section
from dashboard.views import health, overview
from dashboard.views.rule_board import RuleBoard
from prosepolish_core.model.window import Window


def _overview(window: Window) -> overview.OverviewView:
    core = runtime.core()
    rules, targets = RuleBoard(core.alerts.standings()), tuple(core.config.targets())
    return overview.build(core.samples, core.telemetry, window, targets=targets, rules=rules)


st.subheader("What needs attention?", anchor=False)
live("health", lambda _window: health.build(runtime.core()), dependency_list)
live("overview", _overview, section.draw, compared="always")
