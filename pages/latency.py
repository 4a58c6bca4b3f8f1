from dashboard import runtime
from dashboard.components.live import live
<<<<<<< ours
from dashboard.sections import latency as section
from dashboard.views import latency
=======
from dashboard.components.tiles import Tile, tiles
from dashboard.components.trust_line import trust_line
from dashboard.views import commands, latency, numbers
from dashboard.views.targets import family_label, tier_label
from prosepolish_core.calc.quantiles import Quantile

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
    table.show(
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
        key="latency-table",
        alt="Percentiles per tier and key family over the window",
    )
    _draw_commands(view.commands)


def _draw_commands(found: commands.Commands) -> None:
    if not found.rows:
        return
    st.subheader("How long does the server itself take?", anchor=False)
    st.caption(
        "Per command, within the server: no network, no waiting. The histograms' growth over the window: old calls do not count; "
        "a percentile lies between the two bounds beside it. Our own calls are left out; only the percentiles hold them too."
    )
    table.show(
        [
            {
                "server": row.source,
                "command": row.command.replace("|", " ").upper(),
                "calls": numbers.count(row.calls),
                "time in all": numbers.duration(row.total_s),
                "mean": numbers.duration(row.mean_s),
                "p50": numbers.duration(row.p50.value),
                "p99": numbers.duration(row.p99.value),
                "p99 lies between": between(row.p99),
                "refused or failed": numbers.count(row.failed),
            }
            for row in found.rows
        ],
        key="commands-table",
        alt="Calls, time and percentiles per command, as the servers measured them",
    )
    if found.errors:
        told = ", ".join(f"{e.error} {numbers.count(e.count)} ({e.source})" for e in found.errors[:8])
        st.caption(f"Error replies in the window: {told}.")
    _draw_slow(found)


def _draw_slow(found: commands.Commands) -> None:
    st.subheader("Which calls did the servers log?", anchor=False)
    if found.missed:
        st.caption(f"{numbers.count(found.missed)} entries fell out of the servers' logs before they were read.")
    if found.unread:
        st.caption(
            f"The log of {', '.join(found.unread)} is not read: its entries hold arguments, to which the collectors have no right. "
            "`prosepolish export acl --slow-commands` prints rights with it."
        )
    if not found.slow:
        if not found.unread:
            st.caption("No slow or large command in this window.")
        return
    table.show(
        [
            {
                "at (UTC)": f"{row.at:%Y-%m-%d %H:%M:%S}",
                "server": row.source,
                "command": row.command.replace("|", " ").upper(),
                "arguments": f"{numbers.count(row.arguments)} (never kept)",
                "key family": family_label(row.family) if row.family else numbers.NONE,
                "why": numbers.duration(row.duration_s) if row.log == "slow" else f"{numbers.size(row.size_bytes)}, {row.log}",
                "client": row.client or numbers.NONE,
            }
            for row in found.slow
        ],
        key="slow-table",
        alt="The newest slow and large commands, without their arguments",
    )


def between(quantile: Quantile) -> str:
    """The bucket a percentile lies in."""
    if isnan(quantile.value):
        return numbers.NONE
    high = numbers.duration(quantile.high)
    return f"above {numbers.duration(quantile.low)}" if high == numbers.NONE else f"{numbers.duration(quantile.low)} and {high}"

>>>>>>> theirs

live("latency", lambda window: latency.build(runtime.samples(), runtime.telemetry(), window), section.draw)
