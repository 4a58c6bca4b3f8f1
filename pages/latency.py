import streamlit as st

from dashboard import runtime
from dashboard.charts.over_time import Line, lines
from dashboard.charts.spans import spreads
from dashboard.charts.theme import colour_of
from dashboard.components import empty, figure
from dashboard.components.live import live
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views import latency, numbers
from dashboard.views.targets import family_label, tier_label

HELP = "95 of 100 calls took at most this long. Histogram buckets are added over the window first; percentiles are never averaged."


def _draw(view: latency.LatencyView) -> None:
    trust_line(view.trust)
    if not view.tiers:
        empty.no_lookups()
        return
    tiles(
        [
            Tile(f"{tier_label(s.tier)} p95", numbers.duration(s.p95), f"budget {numbers.duration(s.budget_s)}", HELP)
            for s in view.tiers
        ]
    )
    st.subheader("How far are the slowest from the usual?", anchor=False)
    told = ", ".join(f"{tier_label(s.tier)} p50 {numbers.duration(s.p50)} p99 {numbers.duration(s.p99)}" for s in view.tiers)
    figure.show(spreads(view.tiers), key="spreads", alt=f"Latency per tier over the window: {told}")
    st.subheader("How did it change?", anchor=False)
    name = st.segmented_control(
        "Percentile", list(latency.QUANTILES), default="p95", required=True, key="percentile", bind="query-params"
    )
    name = name if name in latency.QUANTILES else "p95"
    traces = [Line(tier_label(line.tier), line.ts, line.of[name], colour_of(line.tier)) for line in view.lines]
    chart = lines(traces, unit="seconds", window=view.window, marks=view.marks, log=True, height=300)
    figure.show(chart, key=f"percentiles-{name}", alt=f"{name} of each tier over time, on a logarithmic axis")
    st.subheader("The numbers behind it", anchor=False)
    st.dataframe(
        [
            {
                "tier": tier_label(s.tier),
                "key family": family_label(s.family),
                "calls": numbers.count(s.calls),
                "p50": numbers.duration(s.p50),
                "p95": numbers.duration(s.p95),
                "p99": numbers.duration(s.p99),
                "mean": numbers.duration(s.mean),
            }
            for s in view.families
        ],
        hide_index=True,
        key="latency-table",
        alt="Percentiles per tier and key family over the window",
    )


live("latency", lambda window: latency.build(runtime.samples(), runtime.telemetry(), window), _draw)
