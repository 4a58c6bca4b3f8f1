import streamlit as st

from dashboard import runtime
from dashboard.components.live import live
from dashboard.components.verdicts import dependency_list
from dashboard.sections import overview as section
from dashboard.views import health, overview
from prosepolish_core.model.window import Window


def _overview(window: Window) -> overview.OverviewView:
    config = runtime.core().config
    shared, targets = config.state_is_shared, tuple(config.targets())
    return overview.build(runtime.samples(), runtime.telemetry(), window, state_is_shared=shared, targets=targets)


st.subheader("What needs attention?", anchor=False)
live("health", lambda _window: health.build(runtime.core()), dependency_list)
live("overview", _overview, section.draw)
