"""What-if: the scenario, what it would change in plain words, the curves, and what came of kept predictions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard import runtime
from dashboard.charts.planning import Pin, curve
from dashboard.components import banner, empty, figure, table
from dashboard.components.actions import PageAction, allowed
from dashboard.components.live import is_down
from dashboard.components.tiles import Tile, tiles
from dashboard.views import what_if
from dashboard.views.names import family_label
from prosepolish_core.calc import numbers
from prosepolish_core.calc.whatif.forecast import MONTH_S
from prosepolish_core.calc.whatif.near_misses import NearMisses
from prosepolish_core.calc.whatif.sentence import ttl_text
from prosepolish_core.errors import InvalidInput, StoreUnavailable, TraceTooShort
from prosepolish_core.model.whatif import Banded, CurvePoint, Forecast, Policy, ScenarioChange
from prosepolish_core.watch.planning.planner import told_span
from prosepolish_core.watch.planning.predictions import LookedBack, keep

#: The trace is read again so often: its chunks are about two minutes long.
READ_AGAIN_S = 120
TODAY = "as today"
BAND = "Below it the bounds that other keys of the same kind would have stayed within, 95 of 100 times."


def draw() -> None:
    """The scenario lives in the URL; what cannot be is refused where it was typed."""
    with st.container(border=True), st.grid(3, min_column_width=200):
        ttl = st.text_input("Times to live", "llm=72h", key="ttl", bind="query-params", help="For example llm=72h, dict=2h.")
        memory = st.text_input("Memory of Redis", "", key="maxmemory", bind="query-params", placeholder=TODAY, help="512mb or 2gb.")
        policy = st.selectbox("Policy", [TODAY, *Policy], key="policy", bind="query-params")
    try:
        change = ScenarioChange.read(
            filter(None, map(str.strip, ttl.split(","))), memory, "" if policy in {None, TODAY} else policy
        )
        view = what_if.build(_situation(runtime.generation()), change)
    except InvalidInput as error:
        st.error(f"This scenario cannot be played: {error}.", icon=":material/error:")
    except TraceTooShort as error:
        empty.empty("Nothing is predicted yet.", f"{str(error).capitalize()}.", "prosepolish whatif --ttl llm=24h")
    except StoreUnavailable as error:
        banner.not_read(error, None, down=is_down(error))
        return
    else:
        _plan(view)
    _look_back()


@st.cache_resource(ttl=READ_AGAIN_S, max_entries=2, show_spinner="Reading the trace of key reads …")
def _situation(generation: int) -> Any:  # noqa: ARG001 - the cache's key
    return what_if.situation(runtime.samples(), runtime.telemetry())


def _plan(view: what_if.WhatIfView) -> None:
    old, new = view.plan.today, view.plan.scenario
    for sentence in view.sentences:
        st.markdown(f"**{sentence}**".replace("$", r"\$"))
    tiles(
        [
            _banded_tile("Correction hits", _hit(new, "llm"), _hit(old, "llm"), BAND),
            _banded_tile("LLM bill a month", _usd(new), _usd(old), f"Misses of corrections times what each call cost. {BAND}"),
            Tile("Evicted", _evicted(new), f"a day · today {_evicted(old)}", "Values lost before their time to live was over."),
            Tile("Keys and values", numbers.size(new.held), f"at most · today {numbers.size(old.held)}"),
        ]
    )
    with st.grid(2, min_column_width=380):
        with st.container():
            st.subheader(f"Which time to live is enough for {family_label(view.plan.family)}?", anchor=False)
            _by_ttl(view)
        with st.container():
            st.subheader("How much memory is enough?", anchor=False)
            _by_memory(view)
    _families(old, new)
    share = min(view.plan.rates.values(), default=1.0)
    followed = "every key" if share >= 1 else f"one key in {1 / share:.0f} and more"
    st.caption(
        f"From {numbers.count(view.plan.reads)} reads of {followed} over {told_span(view.plan.traced.seconds)}; a month is 30 days "
        "at that pace. The dictionary API is asked as often in every scenario: PostgreSQL keeps words for good."
    )
    _near(view.near)
    if st.button("Keep this prediction", icon=":material/bookmark:", help="To see it beside what came, after the change."):
        _keep(view)


def _banded_tile(label: str, then: str, today: str, told: str) -> Tile:
    """The number alone, which always fits; its bounds below it."""
    value, _, bounds = then.partition(" (")
    return Tile(label, value, " · ".join(filter(None, (bounds.rstrip(")"), f"today {today.partition(' (')[0]}"))), told)


def _near(found: NearMisses) -> None:
    """What looser keys would have found, told from keyed hashes."""
    st.subheader("Which paid corrections did a looser key miss?", anchor=False)
    if found.seconds <= 0:
        st.caption("No two paid corrections were recorded yet. They are recorded as keyed hashes once PROSEPOLISH_PEPPER is set.")
        return
    month = MONTH_S / found.seconds
    table.show(
        [
            {
                "looser key": key.name,
                "share of paid corrections": numbers.percent(key.share),
                "saved a month": numbers.NONE if key.usd != key.usd else f"${key.usd * month:,.2f}",
                "risk": key.risk,
            }
            for key in found.keys
        ],
        key="what-if-near",
        alt="Paid corrections that looser keys would have found, what that would have saved, and what it would risk",
    )
    st.caption(f"Of {numbers.count(found.paid)} paid corrections in {told_span(found.seconds)}; a month is 30 days at that pace.")


def _keep(view: what_if.WhatIfView) -> None:
    if not allowed(PageAction.PREDICT, str(view.change)):
        return
    try:
        keep(runtime.core().pool, datetime.now(UTC), str(view.change), view.plan)
    except StoreUnavailable as error:
        banner.not_read(error, None, down=is_down(error))
    else:
        st.success("Kept. Draw a mark when the setting is changed: prosepolish mark.", icon=":material/bookmark_added:")


def _by_ttl(view: what_if.WhatIfView) -> None:
    family = view.plan.family
    sides = [(name, side.scenario.ttl_s[family], side.of(family)) for name, side in _sides(view)]
    pins = [Pin(name, at, row.hit.value, ttl_text(at)) for name, at, row in sides if row and row.hit]
    pins += [Pin("knee", view.ttl_knee.at, view.ttl_knee.hit)] if view.ttl_knee else []
    _curve(view.plan.by_ttl, [ttl_text(point.at) for point in view.plan.by_ttl], pins, "what-if-ttl")


def _by_memory(view: what_if.WhatIfView) -> None:
    pins = [Pin("knee", view.memory_knee.at, view.memory_knee.hit)] if view.memory_knee else []
    _curve(view.plan.by_memory, [numbers.size(point.at) for point in view.plan.by_memory], pins, "what-if-memory")


def _curve(points: Sequence[CurvePoint], labels: Sequence[str], pins: Sequence[Pin], key: str) -> None:
    if not points:
        st.caption("The trace is too short for a curve.")
        return
    told = "; ".join(f"{label}: {numbers.percent(point.hit)}" for label, point in zip(labels, points, strict=True))
    figure.show(curve(points, labels, pins), key=key, alt=f"Hit rate by setting. {told}", timed=False)


def _sides(view: what_if.WhatIfView) -> tuple[tuple[str, Forecast], tuple[str, Forecast]]:
    return ("today", view.plan.today), ("then", view.plan.scenario)


def _families(old: Forecast, new: Forecast) -> None:
    table.show(
        [
            {
                "family": family_label(row.family),
                "reads a day": numbers.count(row.reads_per_day),
                "time to live": f"{ttl_text(old.scenario.ttl_s[row.family])} → {ttl_text(new.scenario.ttl_s[row.family])}",
                "hit rate today": _hit(old, row.family),
                "hit rate then": _hit(new, row.family),
                "evicted a day": numbers.count(row.evicted_per_day),
                "trace": f"{told_span(row.traced_s)} of {told_span(row.enough_s)} needed",
            }
            for row in new.families
        ],
        key="what-if-families",
        alt="Hit rates of each key family today and in the scenario",
    )


def _hit(side: Forecast, family: str) -> str:
    row = side.of(family)
    return _banded(row.hit if row else None)


def _banded(of: Banded | None) -> str:
    return numbers.NONE if of is None else f"{numbers.percent(of.value)} ({of.low * 100:.1f}–{of.high * 100:.1f})"


def _usd(side: Forecast) -> str:
    return (
        numbers.NONE if side.bill is None else f"${side.bill.usd.value:,.2f} ({side.bill.usd.low:,.2f}–{side.bill.usd.high:,.2f})"
    )


def _evicted(side: Forecast) -> str:
    known = [row.evicted_per_day for row in side.families if row.hit is not None]
    return numbers.count(sum(known)) if known else numbers.NONE


def _look_back() -> None:
    """What was predicted, beside what came."""
    st.subheader("What came of earlier predictions?", anchor=False)
    try:
        found = what_if.history(runtime.core().pool, runtime.samples(), runtime.telemetry())
    except StoreUnavailable as error:
        banner.not_read(error, None, down=is_down(error))
        return
    if rows := [row for back in found for row in looked_back(back)]:
        table.show(rows, key="what-if-history", alt="What was predicted beside what came after the change")
        st.caption(
            "Counted from an hour after the mark of the change, for at most seven days; before is as long a time up to the mark. "
            "The bill also follows the traffic: with twice the corrections it rises whatever the cache does."
        )
    else:
        st.caption("No prediction was kept yet. After a change, this is where it is set beside what came.")


def looked_back(back: LookedBack) -> list[dict[str, object]]:
    """A row for each hit rate, and one for the bill."""
    told = {"predicted": f"{back.prediction.at:%Y-%m-%d %H:%M} UTC", "change": back.prediction.change}
    rows = []
    for family, hit in back.prediction.hits.items():
        came = back.came.get(family)
        shown = (numbers.percent(back.before.get(family)), _banded(hit), numbers.percent(came), _within(hit, came))
        rows.append(told | _sides_of(f"hit rate, {family_label(family)}", *shown) | {"counted": _counted(back)})
    if less := back.prediction.saved_usd:
        saved = None if back.saved_usd is None else float(back.saved_usd)
        shown = (numbers.NONE, f"${less.value:,.2f} ({less.low:,.2f}–{less.high:,.2f})", numbers.usd(saved), _within(less, saved))
        rows.append(told | _sides_of("less for the LLM, a month", *shown) | {"counted": _counted(back)})
    return rows


def _sides_of(what: str, before: str, predicted: str, came: str, within: str) -> dict[str, object]:
    return {"what": what, "before": before, "predicted to be": predicted, "came": came, "within the bounds": within}


def _within(predicted: Banded, came: float | None) -> str:
    return numbers.NONE if came is None else "yes" if predicted.low <= came <= predicted.high else "no"


def _counted(back: LookedBack) -> str:
    if back.mark is None:
        return "no mark of a change yet"
    return "too early to tell" if back.window is None else f"{told_span(back.window.seconds)} after “{back.mark.text}”"
