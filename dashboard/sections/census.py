"""What lies in a server: keys, bytes and times to live per key family, estimates with their interval."""

from collections.abc import Callable

import streamlit as st

from dashboard.components import table
from dashboard.components.foreign_text import plain
from dashboard.views.census import Interval, ServerCensus
from dashboard.views.names import family_label
from prosepolish_core.calc import numbers


def draw(found: ServerCensus) -> None:
    """One row a key family; below it how many keys the numbers rest on."""
    if found.stale:
        st.caption(f":gray[What lies in it is not known: the newest census is {numbers.age(found.age_s)} old.]")
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
                "half end within": ends(f.ttl_quantile(0.5)),
                "without an end": spread(f.no_ttl, numbers.count),
                "over 10 KB": spread(f.big, numbers.count),
            }
            for f in found.families
        ],
        key=f"census-{found.source}",
        alt=f"Keys, bytes and times to live per key family of {found.source}",
    )
    when = f"{numbers.age(found.age_s)} ago" if found.oldest_s < 1 else f"within {numbers.age(found.age_s + found.oldest_s)}"
    read = f"{numbers.count(found.sample)} of {numbers.count(found.keyspace)} keys read, {when}"
    total = f"{spread(found.size, numbers.size)} in all"
    how = "A range is the 95 % interval of an estimate; a single number was counted."
    if found.shrunk:
        read = f"{numbers.count(found.sample)} keys read before they went; {numbers.count(found.keyspace)} are left"
        how = "All numbers are scaled down from those; the next walk counts anew."
    st.caption(f"{read}; {total}. {how}")
    if found.unknown:
        told = ", ".join(f"{plain(prefix)} {numbers.count(count)}" for prefix, count in found.unknown)
        st.caption(f"Prefixes that belong to no family, as often as they were read: {told}.")


def spread(interval: Interval, unit: Callable[[float | None], str]) -> str:
    """An estimate with its interval, or the number alone where it was counted or the interval reads alike."""
    low, high = unit(interval.low), unit(interval.high)
    return unit(interval.value) if interval.exact or low == high else f"{unit(interval.value)} ({low} to {high})"


def ends(bound: str | None) -> str:
    """A bound of the times to live, in words."""
    if bound is None:
        return numbers.NONE
    return "longer than 7 d" if bound == "+Inf" else numbers.age(float(bound))
