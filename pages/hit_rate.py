import streamlit as st

from dashboard import runtime
from dashboard.charts.over_time import Line, lines
from dashboard.charts.spans import rates
from dashboard.charts.theme import PALETTE, colour_of
from dashboard.components import empty, figure, table
from dashboard.components.live import live
from dashboard.components.trust_line import trust_line
from dashboard.views import attribution, hit_rate, numbers
from dashboard.views.targets import family_label, tier_label


def _draw(view: hit_rate.HitRateView) -> None:
    trust_line(view.trust)
    if not view.rates:
        empty.no_lookups()
        return
    st.subheader("Does each cache reach its target?", anchor=False)
    told = ", ".join(f"{tier_label(r.tier)} {family_label(r.family)} {numbers.percent(r.ratio)}" for r in view.rates)
    figure.show(rates(view.rates), key="rates", alt=f"Hit rates over the window: {told}")
    st.subheader("How did it change?", anchor=False)
    traces = [
        Line(
            f"{tier_label(line.tier)}, {family_label(line.family)}",
            line.ts,
            line.ratio,
            PALETTE[4] if line.family == "llm" else colour_of(line.tier),
            low=line.low,
            high=line.high,
        )
        for line in view.lines
    ]
    chart = lines(traces, unit="ratio", window=view.window, marks=view.marks, ceiling=1.0)
    figure.show(chart, key="rate-lines", alt="Hit rate over time per tier, with its 95 % interval")
    st.subheader("The numbers behind it", anchor=False)
    table.show(
        [
            {
                "tier": tier_label(r.tier),
                "key family": family_label(r.family),
                "asked": numbers.count(r.asked),
                "hits": numbers.count(r.hits),
                "misses": numbers.count(r.misses),
                "failures": numbers.count(r.failures),
                "hit rate": numbers.percent(r.ratio),
                "95 % interval": f"{numbers.percent(r.low)} to {numbers.percent(r.high)}",
                "target": numbers.percent(r.target, 0),
            }
            for r in view.rates
        ],
        key="rates-table",
        alt="Hits, misses and failures per tier and key family",
    )
    _draw_families(view.families)
    _draw_server(view)


def _draw_families(found: attribution.Attribution) -> None:
    if not found.rows:
        return
    st.subheader("Which keys are missed, expire and are evicted?", anchor=False)
    table.show(
        [
            {
                "key family": family_label(r.family),
                "hits (core)": numbers.count(r.hits),
                "misses (core)": numbers.count(r.misses),
                "hit rate (core)": numbers.percent(r.ratio),
                "misses (server)": numbers.count(r.server_misses),
                "expired": numbers.count(r.expired),
                "evicted": numbers.count(r.evicted),
            }
            for r in found.rows
        ],
        key="families-table",
        alt="Hits and misses of the core beside misses, expirations and evictions told by the servers, per key family",
    )
    if not found.hearing:
        st.caption(
            "Expirations and evictions by family need the servers' key events: set `notify-keyspace-events` to `Exem` on the cache "
            "server. It is off by default because each event costs the server a little."
        )
    for hearing in found.hearing:
        st.caption(told(hearing))


def told(hearing: attribution.Hearing) -> str:
    """How well one server was heard, in a sentence."""
    parts = [f"{hearing.source}: the server's columns are known for {numbers.percent(hearing.known)} of the window"]
    if hearing.sampled:
        parts.append(f"{numbers.percent(hearing.rested)} of it estimated from a sample (too many events to hear them all)")
    if hearing.gaps:
        parts.append(
            f"the connection was lost {numbers.count(hearing.gaps)} time{'s' if hearing.gaps > 1 else ''} (marked as a gap)"
        )
    return "; ".join(parts) + ". The server counts every read that finds nothing: leases, limits and sessions too."


def _draw_server(view: hit_rate.HitRateView) -> None:
    if not view.server:
        return
    with st.container(border=True):
        st.markdown("**The server's keyspace hit rate is not the cache hit rate.**")
        st.caption(
            "Redis counts every key read: the limiter's, session checks and probes. The key reads of our own collectors are known "
            "and subtracted. It is shown for comparison only; the rates above are counted by the core, lookup by lookup."
        )
        with st.container(horizontal=True):
            for server in view.server:
                read = numbers.count(server.hits + server.misses)
                st.metric(
                    f"{server.source}: keyspace hit rate",
                    numbers.percent(server.ratio),
                    f"{read} key reads" + (f", {numbers.count(server.ours)} of ours left out" if server.ours else ""),
                    delta_color="off",
                    delta_arrow="off",
                    width="content",
                )


live("hit_rate", lambda window: hit_rate.build(runtime.samples(), runtime.telemetry(), window), _draw)
