"""Savings by the ledger: what was paid, what the caches made unnecessary line by line, and the tokens behind both."""

from collections.abc import Sequence

import streamlit as st

from dashboard.charts.over_time import ChartLine, bars
from dashboard.charts.theme import GOOD, PALETTE
from dashboard.components import empty, figure, table, window
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views.names import LINES, PROVENANCES, TASKS
from dashboard.views.savings import SavingsView, TokenRow
from prosepolish_core.calc import numbers
from prosepolish_core.calc.ledger_sums import Side
from prosepolish_core.model.llm import LedgerLine

PAID = "Calls that left, priced by their recorded tokens. Of this, paid for nothing: unfit, cut off or refused answers."
WITHOUT = (
    "What the same calls would have cost without any cache: what was paid, and what Redis, PostgreSQL, remembered answers and "
    "waiting for another caller's call made unnecessary. The lines below add up to it."
)
AVOIDED = "The difference between the two: the money that all caches together saved. By the price on the day of each hit."
ALONE = (
    "What Redis saves that PostgreSQL would not: corrections, which are kept nowhere else, and remembered refusals. "
    "PostgreSQL keeps definitions for good, so those cost nothing without Redis either."
)
NET = "Avoided less what the cache itself costs (PROSEPOLISH_CACHE_USD, its share of the window)."
RATE = "Corrections that Redis had, of all that reached it. Who waited for another caller's correction found none there."
WAITING = "Time callers did not have to wait for the model, from the recorded durations."
SPARED = (LedgerLine.REDIS, LedgerLine.POSTGRES, LedgerLine.REMEMBERED, LedgerLine.COALESCED)
LEDGER_LINES = (LedgerLine.ANSWER, LedgerLine.NOTHING, LedgerLine.HOLD_OUT, *SPARED)


def draw(view: SavingsView) -> None:
    """The measured half of the page; the other half is the seed formula."""
    trust_line(view.trust)
    since = f"{view.since:%Y-%m-%d %H:%M} UTC" if view.since else "no row yet"
    st.caption(f"Ledger since {since}{_left_out(view)}")
    sums = view.sums
    if not (sums.paid.calls or sums.avoided.calls):
        empty.empty(
            "No LLM call was paid or avoided in this window.",
            "Corrections fill the ledger: every paid call and every call that a hit made unnecessary is one row with its tokens.",
            'prosepolish correct "Teh quick fox."',
        )
        return
    nothing, both = sums.line(LedgerLine.NOTHING), (sums.paid, sums.avoided)
    wanted = numbers.count(sums.paid.calls + sums.avoided.calls)
    tiles(
        [
            Tile(
                "Without any cache",
                _money(sums.without_cache_usd, *both),
                f"{wanted} calls wanted",
                WITHOUT,
            ),
            Tile("Paid", _money(sums.paid.usd, sums.paid), f"{_known(nothing)} of it for nothing", PAID),
            Tile("Avoided", _money(sums.avoided.usd, sums.avoided), f"{numbers.count(sums.avoided.calls)} calls not made", AVOIDED),
            Tile("By Redis alone", _money(sums.redis_alone.usd, sums.redis_alone), "given PostgreSQL", ALONE),
            Tile("Net of the cache", numbers.usd(sums.net_usd), f"the cache costs {numbers.usd(sums.cache_usd)}", NET),
            Tile(
                "Hit rate, corrections",
                numbers.percent(view.rate.value),
                f"{numbers.age(sums.avoided.seconds)} of waiting spared",
                f"{RATE} {WAITING}",
            ),
        ],
        columns=3,
    )
    _warn(view)
    _course(view)
    _lines(view)
    _ledger(view.tokens)


def _left_out(view: SavingsView) -> str:
    """Which rows are not counted here, so that nobody takes silence for none."""
    parts = [
        f"{numbers.count(side.calls)} calls by {PROVENANCES.get(name, name)} ({numbers.usd(side.usd)})"
        for name, side in sorted(view.sums.left_out.items())
    ]
    return f". Not counted: {', '.join(parts)}".replace("$", r"\$") if parts else ""


def _money(usd: object, *sides: Side) -> str:
    """A sum, or a dash where calls were made and the cost of none is known."""
    calls, priced = sum(side.calls for side in sides), sum(side.priced for side in sides)
    return numbers.NONE if calls and not priced else numbers.usd(usd)  # type: ignore[arg-type] # Decimal


def _known(side: Side) -> str:
    return numbers.usd(side.known_usd)


def _warn(view: SavingsView) -> None:
    sums = view.sums
    unpriced = sums.paid.unpriced + sums.avoided.unpriced
    unknown = sums.paid.unknown + sums.avoided.unknown
    parts = []
    if unpriced:
        parts.append(f"{numbers.count(unpriced)} calls have no known price")
    if unknown:
        parts.append(f"of {numbers.count(unknown)} calls nobody knows the cost (no readable reply)")
    if sums.paid.sent:
        parts.append(f"{numbers.count(sums.paid.sent)} calls are on their way")
    if parts:
        st.warning(f"{'; '.join(parts)}. They are in no sum: the true figures are higher.", icon=":material/help:")


def _course(view: SavingsView) -> None:
    st.subheader(f"What was paid and avoided in {window.chosen().words}?", anchor=False)
    traces = [ChartLine("avoided", view.ts, view.avoided_usd, GOOD), ChartLine("paid", view.ts, view.paid_usd, PALETTE[3])]
    told = f"Avoided {numbers.usd(view.sums.avoided.usd)}, paid {numbers.usd(view.sums.paid.usd)} in the window"
    chart = bars(traces, unit="usd", window=view.window, marks=view.marks, width_s=view.width_s)
    figure.show(chart, key="ledger", alt=told)


def _lines(view: SavingsView) -> None:
    """Every line of the counterfactual; the last row is their sum."""
    st.subheader("Which lines add up to the bill without any cache?", anchor=False)
    sides = [(LINES[line], view.sums.line(line)) for line in LEDGER_LINES if view.sums.line(line).calls]
    total = Side(
        view.sums.paid.calls + view.sums.avoided.calls,
        view.sums.paid.unpriced + view.sums.avoided.unpriced,
        view.sums.without_cache_usd,
        view.sums.paid.seconds + view.sums.avoided.seconds,
        view.sums.paid.unknown + view.sums.avoided.unknown,
        view.sums.paid.sent + view.sums.avoided.sent,
    )
    table.show(
        [
            {
                "line": name,
                "calls": numbers.count(side.calls),
                "cost": _known(side),
                "of unknown cost": numbers.count(side.unpriced + side.unknown + side.sent),
                "time of the model": numbers.age(side.seconds),
            }
            for name, side in [*sides, ("Without any cache", total)]
        ],
        key="lines-table",
        alt="The lines of the ledger and their sum, the bill without any cache",
    )


def _ledger(rows: Sequence[TokenRow]) -> None:
    table.show(
        [
            {
                "task": TASKS.get(r.task, r.task),
                "model": r.model,
                "line": LINES.get(r.line, r.line),
                "whose": PROVENANCES.get(r.provenance, r.provenance),
                "calls": numbers.count(r.calls),
                "prompt tokens": numbers.count(r.prompt),
                "of them cached by Gemini": numbers.count(r.cached),
                "output tokens": numbers.count(r.output),
                "thinking tokens": numbers.count(r.thoughts),
                "of unknown cost": numbers.count(r.unpriced + r.unknown + r.sent),
                "cost": numbers.NONE if r.calls == r.unpriced + r.unknown + r.sent else numbers.usd(r.usd),
                "cost when paid": numbers.usd(r.then_usd) + (f" ({r.then_unpriced} unknown)" if r.then_unpriced else ""),
                "Gemini's own discount": numbers.usd(r.discount_usd),
                "price by": r.price,
            }
            for r in rows
        ],
        key="ledger-table",
        alt="Calls, tokens and cost per task, model and line, with the price they were counted by",
    )
