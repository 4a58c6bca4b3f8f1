import streamlit as st

from dashboard import runtime
from dashboard.charts.over_time import Line, bars
from dashboard.charts.theme import GOOD, PALETTE
from dashboard.components import assumptions, empty, figure, table, window
from dashboard.components.live import live
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views import numbers, savings

PAID = "Calls that were made, priced by their recorded tokens."
AVOIDED = (
    "Calls that a hit made unnecessary, by the tokens of the call that was once paid and the price on the day of the hit: "
    "corrections found in Redis, and definitions found in PostgreSQL. A definition found in Redis saved no money, as PostgreSQL "
    "would have answered for nothing."
)
RATE = {
    "correct": "Corrections found in Redis, of all corrections wanted. Texts the model refused are in neither.",
    "define": "Definitions by the model that PostgreSQL still had, of those that Redis did not answer.",
}
#: What a task is called on screen.
TASKS = {"correct": "corrections", "define": "definitions"}
NET = (
    "Avoided less what the cache itself costs; below it what that comes to in a month at this pace. No price of the cache is known "
    "here, so it is counted as nothing; enter one below."
)
WAITING = "Time callers did not have to wait for the model, from the recorded durations."


def _draw(view: savings.SavingsView) -> None:
    trust_line(view.trust)
    sums, tokens = view.sums, sum(r.prompt + r.output + r.thoughts for r in view.tokens if r.kind == "avoided")
    if not (sums.paid.calls or sums.avoided.calls):
        empty.empty(
            "No LLM call was paid or avoided in this window.",
            "Corrections fill the ledger: every paid call and every call that a hit made unnecessary is one row with its tokens.",
            'prosepolish correct "Teh quick fox."',
        )
        return
    tiles(
        [
            Tile("Avoided", numbers.usd(sums.avoided.usd), f"{numbers.count(sums.avoided.calls)} calls not made", AVOIDED),
            Tile("Paid", numbers.usd(sums.paid.usd), f"{numbers.count(sums.paid.calls)} calls", PAID),
            Tile("Net", numbers.usd(sums.net_usd), f"{numbers.usd(view.per_month_usd)} a month", NET),
            *(
                Tile(f"Hit rate, {TASKS[task]}", numbers.percent(view.hit_ratio(task)), _wanted(view, task), told)
                for task, told in RATE.items()
            ),
            Tile("Tokens not bought", numbers.count(tokens), f"{numbers.age(sums.avoided.seconds)} of waiting spared", WAITING),
        ],
        columns=3,
    )
    if sums.unpriced:
        st.warning(
            f"{numbers.count(sums.unpriced)} calls have no known price. They are in no sum: the true figures are higher.",
            icon=":material/help:",
        )
    st.subheader(f"What was paid and avoided in the last {window.SPANS[window.span()]}?", anchor=False)
    traces = [Line("avoided", view.ts, view.avoided_usd, GOOD), Line("paid", view.ts, view.paid_usd, PALETTE[3])]
    told = f"Avoided {numbers.usd(sums.avoided.usd)}, paid {numbers.usd(sums.paid.usd)} in the window"
    figure.show(bars(traces, unit="usd", window=view.window, marks=view.marks), key="ledger", alt=told)
    table.show(
        [
            {
                "task": TASKS.get(r.task, r.task),
                "model": r.model,
                "ledger": r.kind,
                "calls": numbers.count(r.calls),
                "prompt tokens": numbers.count(r.prompt),
                "of them cached": numbers.count(r.cached),
                "output tokens": numbers.count(r.output),
                "thinking tokens": numbers.count(r.thoughts),
                "unpriced calls": numbers.count(r.unpriced),
                "cost": numbers.usd(r.usd),
                "cost when paid": numbers.usd(r.then_usd) + (f" ({r.then_unpriced} unknown)" if r.then_unpriced else ""),
            }
            for r in view.tokens
        ],
        key="ledger-table",
        alt="Calls, tokens and cost per task and model, paid and avoided",
    )


def _wanted(view: savings.SavingsView, task: str) -> str:
    found = view.tasks.get(task)
    return f"of {numbers.count(found.paid.calls + found.avoided.calls)} wanted" if found else "none wanted"


st.subheader("What did it save, by the ledger?", anchor=False)
live("savings", lambda of: savings.build(runtime.samples(), runtime.telemetry(), of), _draw)
st.subheader("What would it save, by assumption?", anchor=False)
assumptions.panel()
