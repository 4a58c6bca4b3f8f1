"""Why were words not in Redis, and what changed the hit rate: one decomposition, in words and as a table."""

import streamlit as st

from dashboard.components import compare, table
from dashboard.views.hit_rate import HitRateView
from prosepolish_core.calc import numbers
from prosepolish_core.calc.miss_causes import changes

NAMES = {
    "new": "new or invalidated words",
    "expired": "expired",
    "evicted": "evicted",
    "gone": "expired, evicted or removed",
    "waited": "waited for another caller's load",
    "unasked": "PostgreSQL could not be asked",
}
#: Less than this, in points, is not worth a word.
LEAST_POINTS = 0.05


def draw(view: HitRateView) -> None:
    """Nothing without a lookup of a word."""
    found = view.causes
    if found.ratio is None:
        return
    st.subheader("Why were words not in Redis?", anchor=False)
    then = compare.earlier(view)
    moved = changes(found, then.causes) if then else {}
    if then and moved and then.causes.ratio is not None:
        st.markdown(sentence(found.ratio - then.causes.ratio, moved, compare.against()))
    rows = [
        {
            "cause": NAMES[name],
            "lookups": numbers.count(value),
            "of all lookups": numbers.percent(value / found.asked),
            "change": compare.told(value / found.asked, value / found.asked - moved[name], points=True) if moved else numbers.NONE,
        }
        for name, value in found.causes.items()
        if value or abs(moved.get(name, 0.0)) * 100 >= LEAST_POINTS
    ]
    if rows:
        table.show(rows, key="miss-causes", alt="Misses of Redis by their cause")
    st.caption(
        "By what PostgreSQL said: what it still had, had been in Redis. Expired and evicted are told apart as the server's key "
        "events of the same family are; without them they stand together."
    )


def sentence(change: float, moved: dict[str, float], against: str) -> str:
    """The change of the hit rate and its parts, the largest first; a cause that grew made it fall."""
    parts = [
        f"{NAMES[name]} {points(share)}"
        for name, share in sorted(moved.items(), key=lambda item: -abs(item[1]))
        if abs(share) * 100 >= LEAST_POINTS
    ]
    if abs(change) * 100 < LEAST_POINTS:
        return f"**The hit rate is as it was** against {against}."
    return f"**{points(change)} points** against {against}: misses by cause {', '.join(parts)}."


def points(share: float) -> str:
    """A share in points, with its sign."""
    return f"{'+' if share > 0 else '−'}{abs(share) * 100:.1f}"
