import streamlit as st

from dashboard import runtime
from dashboard.charts.over_time import Line, lines
from dashboard.charts.spans import rates
from dashboard.charts.theme import PALETTE, colour_of
from dashboard.components import empty, figure
from dashboard.components.live import live
from dashboard.components.trust_line import trust_line
from dashboard.views import hit_rate, numbers
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
    st.dataframe(
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
        hide_index=True,
        key="rates-table",
        alt="Hits, misses and failures per tier and key family",
    )
    _draw_server(view)


def _draw_server(view: hit_rate.HitRateView) -> None:
    if not view.server:
        return
    with st.container(border=True):
        st.markdown("**The server's keyspace hit rate is not the cache hit rate.**")
        st.caption(
            "Redis counts every key read: the limiter's, session checks, probes and our own. It is shown for comparison "
            "only; the rates above are counted by the core, lookup by lookup."
        )
        with st.container(horizontal=True):
            for server in view.server:
                read = numbers.count(server.hits + server.misses)
                st.metric(
                    f"{server.source}: keyspace hit rate",
                    numbers.percent(server.ratio),
                    f"{read} key reads",
                    delta_color="off",
                    delta_arrow="off",
                    width="content",
                )


live("hit_rate", lambda window: hit_rate.build(runtime.samples(), runtime.telemetry(), window), _draw)
