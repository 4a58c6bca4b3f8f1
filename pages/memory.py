from collections.abc import Callable

import numpy as np
import streamlit as st

from dashboard import runtime
from dashboard.charts.over_time import Line, bars, lines
from dashboard.charts.theme import BAD, PALETTE, QUIET
from dashboard.components import empty, figure, table
from dashboard.components.live import live
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.components.verdicts import verdict_list
from dashboard.views import census, memory, numbers
from dashboard.views.targets import family_label

ROOM = "used_memory of maxmemory, newest reading. Redis evicts or refuses writes at 100 %, by its policy."
RSS = "used_memory_rss: what the operating system has given. Rarely falls after a peak."
FRAGMENTATION = (
    "Allocator fragmentation. Judged only when it wastes more than 10 MB and 10 % of what is used; below that it is noise."
)
EVICTED = "Keys removed for memory in the window, from reset-safe increases of evicted_keys."
EXPIRED = "Keys removed because their TTL ended, from reset-safe increases of expired_keys."


def _draw(view: memory.MemoryView) -> None:
    trust_line(view.trust)
    if not view.instances:
        empty.no_samples()
    for instance in view.instances:
        st.subheader(f"{instance.source}", anchor=False, help=f"maxmemory-policy: {instance.policy or 'unknown'}")
        verdict_list(instance.verdicts, fold=False)
        _draw_tiles(instance)
        with st.grid(2, min_column_width=360):
            with st.container():
                st.markdown("**Does it fit?** Memory used against the limit")
                _draw_used(view, instance)
            with st.container():
                st.markdown("**What does it throw away?** Keys per interval")
                _draw_removed(view, instance)
        for found in view.census:
            if found.source == instance.source:
                _draw_census(found)


def _draw_census(found: census.ServerCensus) -> None:
    if not found.families:
        return
    st.markdown("**What lies in it?** Keys by family")
    table.show(
        [
            {
                "key family": family_label(f.family),
                "keys": spread(f.keys, numbers.count),
                "size": spread(f.size, numbers.size),
                "share": numbers.percent(f.size.value / found.size.value if found.size.value else None),
                "ends within, half of them": ends(f.ttl_quantile(0.5)),
                "without an end": spread(f.no_ttl, numbers.count),
                "over 10 KB": spread(f.big, numbers.count),
            }
            for f in found.families
        ],
        key=f"census-{found.source}",
        alt=f"Keys, bytes and times to live per key family of {found.source}",
    )
    read = f"{numbers.count(found.sample)} of {numbers.count(found.keyspace)} keys read"
    total = f"{spread(found.size, numbers.size)} in all"
    st.caption(f"{read}; {total}. A range is the 95 % interval of an estimate; a single number was counted.")
    if found.unknown:
        told = ", ".join(f"`{prefix}` {numbers.count(count)}" for prefix, count in found.unknown)
        st.caption(f"Prefixes that belong to no family, as often as they were read: {told}.")


def spread(interval: census.Interval, unit: Callable[[float | None], str]) -> str:
    """An estimate with its interval, or the number alone where it was counted or the interval reads alike."""
    low, high = unit(interval.low), unit(interval.high)
    return unit(interval.value) if interval.exact or low == high else f"{unit(interval.value)} ({low} to {high})"


def ends(bound: str | None) -> str:
    """A bound of the times to live, in words."""
    if bound is None:
        return numbers.NONE
    return "longer than 7 d" if bound == "+Inf" else numbers.age(float(bound))


def _draw_tiles(instance: memory.Instance) -> None:
    limit = f"{numbers.percent(instance.share)} of {numbers.size(instance.limit)}" if instance.limit else "no limit set"
    tiles(
        [
            Tile("Used", numbers.size(instance.used), limit, ROOM),
            Tile("RSS", numbers.size(instance.rss), f"peak use {numbers.size(instance.peak)}", RSS),
            Tile(
                "Fragmentation",
                "–" if np.isnan(instance.frag_ratio) else f"{instance.frag_ratio:.2f}",
                f"{numbers.size(instance.frag_bytes)} wasted",
                FRAGMENTATION,
            ),
            Tile("Evicted", numbers.count(instance.evicted), "keys, for memory", EVICTED),
            Tile("Expired", numbers.count(instance.expired), "keys, by TTL", EXPIRED),
        ],
        150,
    )


def _draw_used(view: memory.MemoryView, instance: memory.Instance) -> None:
    used = instance.gauges["used_memory"]
    traces = [Line("used", used.ts, used.last, PALETTE[0], fill=True)]
    if rss := instance.gauges.get("used_memory_rss"):
        traces.append(Line("RSS", rss.ts, rss.last, QUIET))
    if instance.limit and (limit := instance.gauges.get("maxmemory")):
        traces.append(Line("limit", limit.ts, limit.last, BAD, "dash"))
    chart = lines(traces, unit="bytes", window=view.window, marks=view.marks)
    figure.show(
        chart,
        key=f"used-{instance.source}",
        alt=f"{instance.source} uses {numbers.size(instance.used)}, limit {numbers.size(instance.limit)}",
    )


def _draw_removed(view: memory.MemoryView, instance: memory.Instance) -> None:
    names = (("evicted_keys", "evicted", BAD), ("expired_keys", "expired", PALETTE[0]))
    traces = [
        Line(name, instance.increases[metric].ts, instance.increases[metric].increase, colour)
        for metric, name, colour in names
        if metric in instance.increases
    ]
    chart = bars(traces, unit="1", window=view.window, marks=view.marks, height=260)
    told = f"{instance.source}: {numbers.count(instance.evicted)} keys evicted, {numbers.count(instance.expired)} expired"
    figure.show(chart, key=f"removed-{instance.source}", alt=told)


live("memory", lambda window: memory.build(runtime.samples(), window), _draw)
