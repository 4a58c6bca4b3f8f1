"""The lines of the ledger and the groups it falls into: each adds up to the bill without any cache."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.components import table
from dashboard.report.savings import DEFINED
from dashboard.views.names import FAMILIES, LINES, PROVENANCES, TASKS
from dashboard.views.savings import SavingsView, TokenRow
from prosepolish_core.calc import numbers
from prosepolish_core.calc.ledger_sums import Measured, Side

#: What the money can be told apart by, on screen, and what the values are called.
GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "task": ("Task", TASKS),
    "family": ("Key family", FAMILIES),
    "model": ("Model", {}),
    "price": ("Price", {}),
}


def draw(view: SavingsView) -> None:
    """Line by line, then by task, family, model or price, then the tokens."""
    _lines(view.sums)
    _groups(view)
    _tokens(view.tokens)


def _lines(sums: Measured) -> None:
    st.subheader("Which lines add up to the bill without any cache?", anchor=False)
    sides = [(name, sums.line(line)) for line, name in LINES.items() if sums.line(line).calls]
    table.show(
        [
            {
                "line": name,
                "calls": numbers.count(side.calls),
                "cost": numbers.usd(side.known_usd),
                "of unknown cost": numbers.count(side.unpriced + side.unknown + side.sent),
                "time of the model": numbers.age(side.seconds),
            }
            for name, side in [*sides, ("Without any cache", sums.paid + sums.avoided)]
        ],
        key="lines-table",
        alt="The lines of the ledger and their sum, the bill without any cache",
        defined=DEFINED,
    )


def _groups(view: SavingsView) -> None:
    """The same money by what it was spent on."""
    by = st.segmented_control(
        "Told apart by", list(GROUPS), default="task", required=True, format_func=lambda name: GROUPS[name][0], key="by",
        bind="query-params",
    )  # fmt: skip
    title, names = GROUPS[by if by in GROUPS else "task"]
    groups = view.apart[by if by in GROUPS else "task"]
    table.show(
        [
            _group(title.lower(), name, sums)
            for name, sums in [*((names.get(n, n), s) for n, s in groups.items()), ("All", view.sums)]
        ],
        key="groups-table",
        alt=f"What was paid and avoided per {title.lower()}; the last row is their sum",
        defined=DEFINED,
    )


def _group(title: str, name: str, sums: Measured) -> dict[str, object]:
    both: Side = sums.paid + sums.avoided
    return {
        title: name,
        "calls wanted": numbers.count(both.calls),
        "not made": numbers.percent(sums.spared_ratio),
        "paid": numbers.usd(sums.paid.known_usd),
        "avoided": numbers.usd(sums.avoided.known_usd),
        "without any cache": numbers.usd(both.known_usd),
        "a call": numbers.usd(both.usd_per_call),
        "of unknown cost": numbers.count(both.unpriced + both.unknown + both.sent),
        "waiting spared": numbers.age(sums.waiting_s),
    }


def _tokens(rows: Sequence[TokenRow]) -> None:
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
        defined=DEFINED,
    )
