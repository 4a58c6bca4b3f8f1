"""Savings by the ledger in a range: what was paid, what was made unnecessary, and what costs no money anyway."""

from decimal import Decimal

import streamlit as st

from dashboard.charts.over_time import ChartLine, bars
from dashboard.charts.theme import GOOD, PALETTE
from dashboard.components import empty, figure, window
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.report.savings import DEFINED
from dashboard.views.names import PROVENANCES
from dashboard.views.savings import SavingsView
from prosepolish_core.calc import numbers
from prosepolish_core.calc.ledger_sums import Side
from prosepolish_core.calc.lookups_spared import ANSWER_BYTES, ApiSpared
from prosepolish_core.model.llm import LedgerLine
from prosepolish_core.model.outcome import Outcome, Tier

from . import ledger_sums

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
WAITING = (
    "Time callers did not have to wait for the model, from the recorded durations. Who waited for another caller's call was "
    "spared the money, not the time."
)
API = "Lookups of words that needed no call of the dictionary API. The API is free: this saves its quota, not money."
API_WAITING = "Those calls times what a call took on average in this window, less the time that Redis and PostgreSQL took."
TRAFFIC = f"Those calls at {ANSWER_BYTES:,} bytes an answer, as the project's formula assumes; what is sent is not measured."


def draw(view: SavingsView) -> None:
    """The measured half of the page; the other half is the seed formula."""
    trust_line(view.trust)
    if left_out := _left_out(view):
        st.caption(left_out)
    sums = view.sums
    if sums.paid.calls or sums.avoided.calls:
        _tiles(view)
        _warn(view)
        _free(view.words, view.sums.waiting_s)
        _course(view)
        ledger_sums.draw(view)
        return
    empty.empty(
        "No LLM call was paid or avoided in this window.",
        "Corrections fill the ledger: every paid call and every call that a hit made unnecessary is one row with its tokens.",
        'prosepolish correct "Teh quick fox."',
    )
    if view.words.lookups:
        _free(view.words, None)


def _tiles(view: SavingsView) -> None:
    sums = view.sums
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
                f"{numbers.count(view.rate.total)} asked of Redis",
                RATE,
            ),
        ],
        columns=3,
    )


def _free(words: ApiSpared, waiting_s: float | None) -> None:
    """What is saved besides money, and said to be no money."""
    redis, postgres, waited = (numbers.count(words.calls.get(who, 0)) for who in (Tier.REDIS, Tier.POSTGRES, Outcome.COALESCED))
    told = f"Spared by Redis {redis}, by PostgreSQL {postgres}, by waiting for another caller's {waited}."
    st.markdown("**Saved besides money:** waiting, quota and bandwidth")
    tiles(
        [
            Tile("Waiting for the LLM", numbers.age(waiting_s), "spared callers", WAITING),
            Tile("API calls not made", numbers.count(words.total), "free: quota, no money", f"{API} {told}"),
            Tile("Waiting for the API", numbers.age(words.waiting_s), "spared callers", API_WAITING),
            Tile(
                "Traffic not caused",
                f"{numbers.count(words.total * ANSWER_BYTES / 1e6)} MB",
                f"{ANSWER_BYTES // 1000} KB each, assumed",
                TRAFFIC,
            ),
        ],
        columns=4,
    )


def _left_out(view: SavingsView) -> str:
    """Which rows are not counted here, so that nobody takes silence for none."""
    parts = [
        f"{numbers.count(side.calls)} calls by {PROVENANCES.get(name, name)} ({numbers.usd(side.usd)})"
        for name, side in sorted(view.sums.left_out.items())
    ]
    return f"Not counted: {', '.join(parts)}.".replace("$", r"\$") if parts else ""


def _money(usd: Decimal, *sides: Side) -> str:
    """A sum, or a dash where calls were made and the cost of none is known."""
    calls, priced = sum(side.calls for side in sides), sum(side.priced for side in sides)
    return numbers.NONE if calls and not priced else numbers.usd(usd)


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
        told = "; ".join(parts)
        st.warning(f"{told[0].upper()}{told[1:]}. They are in no sum: the true figures are higher.", icon=":material/help:")


def _course(view: SavingsView) -> None:
    st.subheader(f"What was paid and avoided in {window.chosen().words}?", anchor=False)
    traces = [ChartLine("avoided", view.ts, view.avoided_usd, GOOD), ChartLine("paid", view.ts, view.paid_usd, PALETTE[3])]
    told = f"Avoided {numbers.usd(view.sums.avoided.usd)}, paid {numbers.usd(view.sums.paid.usd)} in the window"
    chart = bars(traces, unit="usd", window=view.window, marks=view.marks, width_s=view.width_s)
    figure.show(chart, key="ledger", alt=told, defined=DEFINED)
