"""Keyspace: the contract first, then each server's families, their growth and their times to live."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.charts.over_time import ChartLine, lines
from dashboard.charts.theme import PALETTE
from dashboard.components import empty, figure, table
from dashboard.components.foreign_text import plain
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.components.verdicts import verdict_list
from dashboard.views.census import FamilyCensus, ServerCensus
from dashboard.views.key_contract import CONTRACTS_S, verdicts
from dashboard.views.keyspace import FamilyGrowth, KeyspaceView
from dashboard.views.names import FAMILIES, family_label
from prosepolish_core.calc import numbers
from prosepolish_core.watch.redis_info.census import TTL_BOUNDS_S

from . import census

READ = "Keys that the numbers rest on. Where it is all of them, numbers were counted; else they are estimates with 95 % intervals."
AGE = "When the oldest key of the census was read. It walks on by itself, a slice at a time, at the pace of the traffic."
BOUNDS = [*map(str, TTL_BOUNDS_S), "+Inf"]


def draw(view: KeyspaceView) -> None:
    """The whole page but the search for the biggest keys."""
    trust_line(view.trust)
    if not view.servers:
        empty.no_samples("No census in this window.")
        return
    st.subheader("Do the keys keep their contract?", anchor=False)
    verdict_list(verdicts(view.facts), fold=False)
    for server in view.servers:
        st.subheader(plain(server.source), anchor=False)
        _tiles(server)
        census.draw(server)
        _spread(server)
        _growth(view, server.source)


def _tiles(server: ServerCensus) -> None:
    old = f"unknown for {numbers.age(server.age_s)}" if server.stale else ""
    share = numbers.percent(min(1.0, server.sample / server.keyspace) if server.keyspace > 0 else None, 0)
    tiles(
        [
            Tile("Keys", numbers.count(server.keyspace), "of all families", old=old),
            Tile("Size", numbers.size(server.size.value), _interval(server), old=old),
            Tile("Read", numbers.count(server.sample), f"{share} of the keys", READ, old=old),
            Tile("Age", numbers.age(server.age_s + server.oldest_s), "of the oldest key read", AGE),
        ],
        150,
    )


def _interval(server: ServerCensus) -> str:
    low, high = numbers.size(server.size.low), numbers.size(server.size.high)
    return "counted" if low == high else f"{low} to {high}"


def _spread(server: ServerCensus) -> None:
    """How many keys of each family have so long to go."""
    rows = [row for one in server.families if (row := spread_of(one))]
    if not rows:
        return
    st.markdown("**How long do they have to live?** Share of each family's keys, by the time that is left")
    table.show(rows, key=f"ttl-{server.source}", alt=f"Times to live left per key family of {server.source}")


def spread_of(one: FamilyCensus) -> dict[str, str]:
    """One row: the share of keys in each span, those without an end, and what the contract allows."""
    ends = [count for _, count in one.ttl]
    if len(ends) != len(BOUNDS) or not one.keys.value:
        return {}
    each = np.diff([0.0, *ends])
    names = [f"to {numbers.age(bound)}" for bound in TTL_BOUNDS_S] + ["longer"]
    contract = CONTRACTS_S.get(one.family)
    return {
        "key family": family_label(one.family),
        "contract": numbers.NONE if contract is None else numbers.age(contract),
        **{name: numbers.percent(part / one.keys.value, 0) for name, part in zip(names, each, strict=True)},
        "no end": numbers.percent(one.no_ttl.value / one.keys.value, 0),
    }


def _growth(view: KeyspaceView, source: str) -> None:
    grown = [one for one in view.growth if one.source == source]
    if not grown:
        return
    told = ", ".join(f"{family_label(one.family)} {_signed(one.added)}" for one in grown if np.isfinite(one.added) and one.added)
    st.markdown(f"**Does it grow?** Keys by family{f'. From first to last: {plain(told)}' if told else ''}")
    figure.show(lines(_lines(grown), unit="1", window=view.window, marks=view.marks), key=f"growth-{source}", alt=f"Keys: {told}")


def _lines(grown: Sequence[FamilyGrowth]) -> list[ChartLine]:
    """A family keeps its colour, whichever others are there."""
    order = list(FAMILIES)
    colours = {one.family: PALETTE[(order.index(one.family) if one.family in order else -1) % len(PALETTE)] for one in grown}
    return [ChartLine(family_label(one.family), one.keys.ts, one.keys.last, colours[one.family]) for one in grown]


def _signed(added: float) -> str:
    return f"{'+' if added > 0 else '−'}{numbers.count(abs(added))}"
