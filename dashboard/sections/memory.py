"""Memory: per server its verdicts, its room, what it throws away, and what lies in it."""

import numpy as np
import streamlit as st

from dashboard.charts.over_time import ChartLine, bars, lines
from dashboard.charts.theme import BAD, PALETTE, QUIET
from dashboard.components import compare, empty, figure
from dashboard.components.foreign_text import plain
from dashboard.components.rule_list import rule_list
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.components.verdicts import verdict_list
from dashboard.views.marks import about
from dashboard.views.memory import MemoryView, ServerMemory, told_limit
from prosepolish_core.calc import numbers

from . import census

ROOM = "used_memory of maxmemory, newest reading. Redis evicts or refuses writes at 100 %, by its policy."
RSS = "used_memory_rss: what the operating system has given. Rarely falls after a peak."
FRAGMENTATION = (
    "Allocator fragmentation. Judged only when it wastes more than 10 MB and 10 % of what is used; below that it is noise."
)
#: What is drawn against the limit, and the share of it from which on the limit is drawn too.
ROOMS, LEAST_SHARE = frozenset({"used_memory", "used_memory_rss"}), 0.2
EVICTED = "Keys removed for memory in the window, from reset-safe increases of evicted_keys."
EXPIRED = "Keys removed because their TTL ended, from reset-safe increases of expired_keys."


def draw(view: MemoryView) -> None:
    """The whole page, server after server."""
    if not view.instances:
        trust_line(view.trust)
    if not any(instance.gauges for instance in view.instances):
        empty.no_samples()
    for instance in view.instances:
        st.subheader(plain(instance.source), anchor=False, help=f"maxmemory-policy: {plain(instance.policy or 'unknown')}")
        trust_line(instance.trust)
        verdict_list(instance.verdicts, fold=False)
        rule_list(view.rules.of(instance.source, "memory"))
        if not instance.gauges:
            continue
        _tiles(instance)
        with st.grid(2, min_column_width=360):
            with st.container():
                st.markdown("**Does it fit?** Memory used against the limit")
                _used(view, instance)
            with st.container():
                st.markdown("**What does it throw away?** Keys per interval")
                _removed(view, instance)
        for found in view.census:
            if found.source == instance.source:
                census.draw(found)


def _tiles(instance: ServerMemory) -> None:
    known = instance.share is not None and np.isfinite(instance.share)
    age = numbers.age(instance.trust.newest_age_s)
    old = "" if np.isfinite(instance.used) else f"unknown for {age}"
    last = f"{numbers.size(instance.last_used)} {age} ago" if old and np.isfinite(instance.last_used) else old
    limit = f"{numbers.percent(instance.share)} {told_limit(instance.limit)}" if known else told_limit(instance.limit)
    tiles(
        [
            Tile("Used", numbers.size(instance.used), limit, ROOM, old=last),
            Tile("RSS", numbers.size(instance.rss), f"peak use {numbers.size(instance.peak)}", RSS, old=old),
            Tile(
                "Fragmentation",
                "–" if np.isnan(instance.frag_ratio) else f"{instance.frag_ratio:.2f}",
                f"{numbers.size(instance.frag_bytes)} wasted",
                FRAGMENTATION,
                old=old,
            ),
            Tile("Evicted", numbers.count(instance.evicted), "keys, for memory", EVICTED),
            Tile("Expired", numbers.count(instance.expired), "keys, by TTL", EXPIRED),
        ],
        150,
    )


def _used(view: MemoryView, instance: ServerMemory) -> None:
    traces = compare.overlaid(view, lambda v: _lines(v, instance.source))
    chart = lines(traces, unit="bytes", window=view.window, marks=about(view.marks, instance.source))
    figure.show(
        chart,
        key=f"used-{instance.source}",
        alt=f"{instance.source} uses {numbers.size(instance.used)}, limit {numbers.size(instance.limit)}",
    )


def _lines(view: MemoryView, source: str) -> list[ChartLine]:
    found = next((one for one in view.instances if one.source == source), None)
    if found is None:
        return []
    traces = []
    if used := found.gauges.get("used_memory"):
        traces.append(ChartLine("used", used.ts, used.last, PALETTE[0], fill=True))
    if rss := found.gauges.get("used_memory_rss"):
        traces.append(ChartLine("RSS", rss.ts, rss.last, QUIET))
    if found.limit and (limit := found.gauges.get("maxmemory")) and _in_sight(found):
        traces.append(ChartLine("limit", limit.ts, limit.last, BAD, "dash"))
    return traces


def _in_sight(instance: ServerMemory) -> bool:
    """Whether the limit is so near that drawing it leaves the use readable; else the number above says it."""
    drawn = [g.last[np.isfinite(g.last)] for g in instance.gauges.values() if g.key.metric in ROOMS]
    highest = max((float(known.max()) for known in drawn if known.size), default=0.0)
    return instance.limit is not None and np.isfinite(instance.limit) and highest >= instance.limit * LEAST_SHARE


def _removed(view: MemoryView, instance: ServerMemory) -> None:
    names = (("evicted_keys", "evicted", BAD), ("expired_keys", "expired", PALETTE[0]))
    traces = [
        ChartLine(name, instance.increases[metric].ts, instance.increases[metric].increase, colour)
        for metric, name, colour in names
        if metric in instance.increases
    ]
    chart = bars(traces, unit="1", window=view.window, marks=about(view.marks, instance.source), height=260)
    told = f"{instance.source}: {numbers.count(instance.evicted)} keys evicted, {numbers.count(instance.expired)} expired"
    figure.show(chart, key=f"removed-{instance.source}", alt=told)
