"""One incident: what it did to users, what happened when, charts around the moment, notes, and its file."""

import streamlit as st

from dashboard import runtime
from dashboard.charts.over_time import ChartLine, bars, lines
from dashboard.charts.theme import BAD, PALETTE, colour_of
from dashboard.components import empty, figure, sign_in
from dashboard.components.actions import PageAction, allowed
from dashboard.components.foreign_text import plain
from dashboard.components.simulated import MADE_UP
from dashboard.components.verdicts import LOOKS
from dashboard.views.incident import IncidentView
from dashboard.views.marks import about
from dashboard.views.names import tier_label
from prosepolish_core.calc import effect_words, numbers
from prosepolish_core.errors import InvalidInput, StoreUnavailable
from prosepolish_core.watch.alerts.incident_report import IncidentReport
from prosepolish_core.watch.alerts.post_mortem import FORMATS, facts, told

from .incidents import PARAMETER

MIME = {"md": "text/markdown", "html": "text/html"}
#: Rows of a timeline drawn; the files have all of them.
MOST_ROWS = 120
LONGEST_NAME = 100


def draw(view: IncidentView) -> None:
    """All of the page but the form."""
    if st.button("All incidents", icon=":material/arrow_back:", key="all-incidents"):
        st.query_params.pop(PARAMETER, None)
        st.rerun()
    if view.report is None:
        why = "It may have been removed, or the link is not whole."
        empty.empty("There is no incident of this id.", why, "prosepolish alerts list --days 90")
        return
    _head(view.report)
    with st.grid(2, min_column_width=420):
        with st.container():
            st.markdown("**What did it do to users?**")
            st.markdown("\n".join(f"- {plain(line)}" for line in effect_words.lines(view.report.effect)))
            if not view.report.settled:
                st.caption("Not final: it is counted once and for all a minute after the end.")
            _files(view.report)
        with st.container():
            st.markdown("**What happened?** Times are UTC.")
            _timeline(view.report)
    _charts(view)


def _head(report: IncidentReport) -> None:
    icon, colour, word = LOOKS[report.incident.level]
    over = "goes on" if report.ended is None else "over"
    st.markdown(f"#### :{colour}[{icon} {word}, {over}] · {plain(report.what)}")
    if report.simulated:
        st.markdown(f"{MADE_UP} :gray[This never happened: a simulation wrote it.]")
    st.caption(" · ".join(f"{name}: {plain(value)}" for name, value in facts(report) if name not in {"Level", "Simulated"}))


def _timeline(report: IncidentReport) -> None:
    shown = report.rows[:MOST_ROWS]
    rows = []
    for row in shown:
        icon, colour, _ = LOOKS[row.level]
        mark = f":{colour}[{icon}] " if row.kind in {"fired", "worse", "better"} else ""
        rows.append(f"- `{row.at:%H:%M:%S}` {mark}**{told(row.kind)}** {plain(row.text)}")
    if len(report.rows) > MOST_ROWS:
        rows.append(f"- and {len(report.rows) - MOST_ROWS} more, in the file.")
    st.markdown("\n".join(rows) or "Nothing is recorded.")


def _files(report: IncidentReport) -> None:
    with st.container(horizontal=True):
        for ending, name in (("md", "Markdown"), ("html", "HTML")):
            st.download_button(
                f"Post-mortem as {name}",
                FORMATS[ending](report),
                f"{report.incident.id}.{ending}",
                MIME[ending],
                key=f"file-{ending}",
                on_click="ignore",
                icon=":material/download:",
            )


def _charts(view: IncidentView) -> None:
    calls = view.calls
    tiers = [ChartLine(tier_label(t), calls.ts, v, colour_of(t)) for t, v in calls.answered.items()]
    tiers.append(ChartLine("no answer", calls.ts, calls.failed, BAD))
    with st.grid(2, min_column_width=420):
        with st.container():
            st.markdown(f"**Who answered?** Calls per {numbers.age(calls.width_s)}")
            chart = bars(tiers, unit="1", window=view.window, marks=view.marks)
            figure.show(
                chart, key="incident-calls", alt="Calls by the tier that answered, and those without an answer", timed=False
            )
        with st.container():
            st.markdown("**How long did a call take?** Mean of all calls")
            mean = [ChartLine("mean", calls.ts, calls.mean_s, PALETTE[0])]
            chart = lines(mean, unit="seconds", window=view.window, marks=view.marks)
            figure.show(chart, key="incident-time", alt="Mean time of a call around the incident", timed=False)
        with st.container():
            st.markdown(f"**What was paid?** LLM calls per {numbers.age(calls.width_s)}")
            chart = bars(
                [ChartLine("paid calls", view.paid_ts, view.paid, PALETTE[3])], unit="1", window=view.window, marks=view.marks
            )
            figure.show(chart, key="incident-paid", alt="Paid calls around the incident", timed=False)
        for series in view.gauges:
            source, metric = series.key.source, series.key.metric
            with st.container():
                st.markdown(f"**{plain(source)}:** {GAUGE_NAMES.get(metric, metric)}")
                chart = lines(
                    [ChartLine(metric, series.ts, series.last, PALETTE[1])],
                    unit="bytes" if metric == "used_memory" else "1",
                    window=view.window,
                    marks=about(view.marks, source),
                )
                figure.show(chart, key=f"incident-{source}-{metric}", alt=f"{metric} of {source} around the incident", timed=False)


GAUGE_NAMES = {"used_memory": "memory used", "connected_clients": "clients"}


def form(incident: str) -> None:
    """A note for the others, or the word that somebody is at it. Both carry a name: that of the sign-in, if any."""
    person = sign_in.visitor()
    signed = person.name[:LONGEST_NAME] if person and runtime.core().config.signs_in else ""
    with st.form("incident-note", clear_on_submit=True, enter_to_submit=False):
        name = signed or st.text_input("Your name", key="note-name", max_chars=LONGEST_NAME)
        text = st.text_area("Note", key="note-text", max_chars=4000, height=80)
        with st.container(horizontal=True):
            noted = st.form_submit_button("Add the note", icon=":material/edit_note:")
            taken = st.form_submit_button("I take it", icon=":material/front_hand:", type="primary")
    if not (noted or taken) or not allowed(PageAction.ACKNOWLEDGE if taken else PageAction.NOTE, incident):
        return
    try:
        runtime.core().alerts.add_note(incident, name, text, acknowledge=taken)
    except InvalidInput as error:
        st.error(f"{str(error).capitalize()}.", icon=":material/edit_off:")
    except StoreUnavailable as error:
        st.error(f"The note was not kept: {error}. Try again when PostgreSQL answers.", icon=":material/cloud_off:")
    else:
        st.session_state["notes written"] = st.session_state.get("notes written", 0) + 1
        st.rerun()
