"""The button that writes the savings report of the month shown."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import runtime
from dashboard.components import window
from dashboard.report.savings import of_month, report
from dashboard.views import outlook, savings
from prosepolish_core.model.calendar_month import CalendarMonth, zone_named

TOLD = "One page of HTML for the month in which the range shown ends: print it, or keep it as PDF. Definitions stand in its foot."


def button(counted: frozenset[str], zone: str) -> None:
    """The report is made when somebody asks for it."""
    month = of_month(window.chosen().window(), datetime.now(UTC), zone_named(zone))

    name = str(CalendarMonth.of(month.start, zone_named(zone)))

    def written() -> str:
        core = runtime.core()
        price, telemetry = core.config.cache_usd, core.telemetry
        view = savings.build(core.samples, telemetry, month, counted=counted, cache_usd_per_month=price)
        return report(view, outlook.build(telemetry, month.end, counted=counted, zone=zone_named(zone)), counted)

    st.download_button(
        f"Report of {name}", written, f"prosepolish-savings-{name}.html", "text/html",
        key="savings-report", on_click="ignore", icon=":material/description:", help=TOLD,
    )  # fmt: skip
