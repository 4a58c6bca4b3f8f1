"""Down to the single call: the rows behind any total of the page, and one call with all that is known of it."""

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from dashboard import runtime
from dashboard.charts.behind import Behind
from dashboard.components import banner, take_along, window
from dashboard.components.foreign_text import plain
from dashboard.components.live import is_down
from dashboard.report.savings import DEFINED
from dashboard.views import ledger_rows
from dashboard.views.ledger_rows import CallView, RowsView, told_at
from dashboard.views.names import FAMILIES, LINES, PROVENANCES, TASKS
from prosepolish_core.calc import numbers
from prosepolish_core.calc.ledger_parts import AND, BAR, part_named
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.model.llm import LlmCall

#: Parts of the address: which total, and which call.
ROWS, CALL = "rows", "call"
#: What the totals with names of their own are called.
NAMES = {
    "all": "Without any cache",
    "paid": "Paid",
    "nothing": "Paid for nothing",
    "avoided": "Avoided",
    "redis-alone": "By Redis alone",
    "unsure": "Of unknown cost",
}
APART: Mapping[str, Mapping[str, str]] = {"line": LINES, "task": TASKS, "family": FAMILIES, "whose": PROVENANCES}
TALL = 320


@st.fragment
def draw(counted: Collection[str]) -> None:
    """Choose a total, then a row. They are as of the last click: no row moves under a finger."""
    st.subheader("Which calls are behind a total?", anchor=False)
    shown = window.chosen().window()
    try:
        _chosen(ledger_rows.names(runtime.telemetry(), shown, counted), counted)
        if call_id := st.query_params.get(CALL):
            _call(call_id)
    except StoreUnavailable as error:
        banner.not_read(error, None, down=is_down(error))


def _chosen(names: list[str], counted: Collection[str]) -> None:
    """The choice stands in the address by its own name, so that a link says the same in any wording."""
    linked = st.query_params.get(ROWS)
    options = names if linked is None or linked in names or part_named(linked) is None else [linked, *names]

    def keep() -> None:
        if (name := st.session_state["total"]) is None:
            st.query_params.pop(ROWS, None)
        else:
            st.query_params[ROWS] = name

    name = st.selectbox(
        "Total",
        options,
        index=options.index(linked) if linked in options else None,
        format_func=told_part,
        placeholder="Choose a total to see the rows that it is the sum of",
        label_visibility="collapsed",
        key="total",
        on_change=keep,
    )
    if part := part_named(name or ""):
        shown = window.chosen().window()
        _rows(ledger_rows.build(runtime.telemetry(), runtime.core().ledger_rows, shown, part, counted), counted)


def told_part(name: str) -> str:
    """What a part is called: "Paid", "Task: corrections", "corrections · gemini · Paid, and of use"."""
    if name in NAMES:
        return NAMES[name]
    told = [(column, _told(column, value)) for column, _, value in (one.partition(".") for one in name.split(AND))]
    return f"{told[0][0].capitalize()}: {told[0][1]}" if len(told) == 1 else " · ".join(value for _, value in told)


def _told(column: str, value: str) -> str:
    if column == "price":
        source, _, date = value.rpartition(BAR)
        return f"{source} from {date}" if date else source or "no price known"
    return APART.get(column, {}).get(value, value)


def _rows(view: RowsView, counted: Collection[str]) -> None:
    total = f"{numbers.count(view.total.calls)} calls, {numbers.usd(view.total.known_usd)}"
    if view.whole:
        told = f"**{total}**: the sum of the {numbers.count(len(view.rows))} rows below, to the last digit."
    else:
        told = f"**{total}**. Below are its oldest {numbers.count(len(view.rows))} rows; the file has all of them."
    st.markdown(f"{told} {view.window.words}.".replace("$", r"\$"))
    if not view.rows:
        return
    rows = [cells(row) for row in view.rows]

    def pick() -> None:
        if picked := st.session_state["ledger-rows"].selection.rows:
            st.query_params[CALL] = view.rows[picked[0]].call_id

    st.dataframe(
        rows, hide_index=True, key="ledger-rows", alt="Rows of the ledger, oldest first; choose one to see the call",
        height=min(TALL, 35 * (len(rows) + 1) + 2), on_select=pick, selection_mode="single-row",
    )  # fmt: skip
    about = f"Rows of the ledger behind: {told_part(view.part.name)}, in the time of this page"
    take_along.file(lambda: every_row(view, counted), key="ledger-rows", about=about, defined=DEFINED)


def every_row(view: RowsView, counted: Collection[str]) -> Behind:
    """All rows of the part with every column that the ledger keeps."""
    found = runtime.core().ledger_rows.every(view.window, view.part.among(counted))
    return Behind(("ts", "calls", *LlmCall._fields), tuple((row.ts, row.calls, *row.call) for row in found))


def cells(row: LedgerRow) -> dict[str, object]:
    """One row as the table shows it."""
    call = row.call
    return {
        "at (UTC)": told_at(row.ts),
        "line": LINES.get(call.line, call.line),
        "task": TASKS.get(call.task, call.task),
        "model": call.model,
        "whose": PROVENANCES.get(call.provenance, call.provenance),
        "cost": numbers.usd(call.cost_usd),
        "state": call.state,
        "calls": numbers.count(row.calls),
        "prompt tokens": numbers.count(call.prompt),
        "output tokens": numbers.count(call.output + call.thoughts),
        "time": numbers.duration(call.duration_s),
        "call": row.call_id,
    }


def _call(call_id: str) -> None:
    view = ledger_rows.one_call(runtime.core().ledger_rows, call_id)
    if view is None:
        st.warning(f"The ledger has no call “{plain(call_id[:40])}”.", icon=":material/link_off:")
        return
    with st.container(border=True):
        st.markdown(f"**One call**, {told_at(view.row.ts)} UTC")
        st.markdown("\n".join(f"- {name}: {plain(value)}" for name, value in facts(view)))
        if st.button("Close", key="close-call"):
            st.query_params.pop(CALL, None)
            st.rerun(scope="fragment")


def facts(view: CallView) -> Sequence[tuple[str, str]]:
    """What is known of a call, line by line."""
    call = view.row.call
    whose = PROVENANCES.get(call.provenance, call.provenance)
    cached, output, thoughts = (numbers.count(getattr(call, name)) for name in ("cached", "output", "thoughts"))
    since = f" from {call.price_date}" if call.price_date else ""
    found = [
        ("What it was", f"{LINES.get(call.line, call.line)}, {TASKS.get(call.task, call.task)}, caused by {whose}"),
        ("Cost", f"{numbers.usd(call.cost_usd)} ({call.state}{f', {call.detail}' if call.detail else ''})"),
        ("Price", f"{call.model}, {call.price_source or numbers.NONE}{since}"),
        ("Tokens", f"{numbers.count(call.prompt)} in ({cached} cached by Gemini), {output} out, {thoughts} thinking"),
        ("Time", numbers.duration(call.duration_s)),
        ("Id", view.row.call_id),
    ]
    if call.then_usd is not None and call.kind == "avoided":
        found.append(("Cost on the day it was paid", numbers.usd(call.then_usd)))
    if call.of_call:
        paid = (
            f"paid {told_at(view.origin.ts)} UTC, {numbers.usd(view.origin.call.cost_usd)}" if view.origin else "not in the ledger"
        )
        found.append(("The call whose answer it got", f"{call.of_call}: {paid}"))
    if view.spared:
        spared = f"{numbers.count(len(view.spared))} later calls, {numbers.usd(view.spared_usd)}"
        found.append(("Its answer spared", spared))
    return found
