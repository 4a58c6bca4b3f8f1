"""Savings by the ledger: what was paid, what hits made unnecessary, and the tokens behind both."""

from collections.abc import Sequence

import streamlit as st

from dashboard.charts.over_time import ChartLine, bars
from dashboard.charts.theme import GOOD, PALETTE
from dashboard.components import empty, figure, table, window
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views.names import TASKS
from dashboard.views.savings import SavingsView, TokenRow
from prosepolish_core.calc import numbers

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
NET = (
    "Avoided less what the cache itself costs; below it what that comes to in a month at this pace. No price of the cache is known "
    "here, so it is counted as nothing; enter one below."
)
WAITING = "Time callers did not have to wait for the model, from the recorded durations."


def draw(view: SavingsView) -> None:
    """The measured half of the page; the other half is the seed formula."""
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
    _course(view)
    _ledger(view.tokens)


def _wanted(view: SavingsView, task: str) -> str:
    found = view.tasks.get(task)
    return f"of {numbers.count(found.paid.calls + found.avoided.calls)} wanted" if found else "none wanted"


def _course(view: SavingsView) -> None:
    st.subheader(f"What was paid and avoided in {window.chosen().words}?", anchor=False)
    traces = [ChartLine("avoided", view.ts, view.avoided_usd, GOOD), ChartLine("paid", view.ts, view.paid_usd, PALETTE[3])]
    told = f"Avoided {numbers.usd(view.sums.avoided.usd)}, paid {numbers.usd(view.sums.paid.usd)} in the window"
    figure.show(bars(traces, unit="usd", window=view.window, marks=view.marks), key="ledger", alt=told)


def _ledger(rows: Sequence[TokenRow]) -> None:
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
            for r in rows
        ],
        key="ledger-table",
        alt="Calls, tokens and cost per task and model, paid and avoided",
    )
