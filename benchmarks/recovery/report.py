"""The campaign's table in Markdown:
a line for each way of losing each server, a column for each length of the outage.
"""

from __future__ import annotations

from collections.abc import Sequence

from .faults import FAULTS
from .looks import BAR_S
from .outage import Result, bar, seconds
from .probes import UNTYPED, WRONG
from .servers import SERVERS

LEGEND = (
    "A cell: seconds from the server's return until the slowest of everything asked was well again and stayed so, with nobody "
    "asking meanwhile / with 24 callers. What is due only every so often (a collector's reading) is counted from when it was due; "
    "of paid calls, which are never sent twice, those asked after the return count. "
    f"Bar: {BAR_S:g} s. `*`: put together, not waited out. `?`: the machine itself was too busy to say."
)
HERD, AMISS, LATE = "connections in 1 s", "wrong or untyped", "past deadline"


def slowest(result: Result) -> float:
    """Seconds by which the slowest was well, set against the one bar."""
    name, one = result.worst
    return max(0.0, seconds(one) - bar(name) + BAR_S)


def length(of_s: float) -> str:
    """How long, in words."""
    return f"{of_s / 60:g} min" if of_s > 60 else f"{of_s:g} s"


def table(results: Sequence[Result]) -> str:
    """All of them."""
    lengths = sorted({result.row.of_s for result in results})
    lines = [["lost", *map(length, lengths), HERD, AMISS, LATE]]
    lines.append(["---"] * len(lines[0]))
    for dependency in SERVERS:
        for fault in FAULTS:
            found = [r for r in results if (r.row.dependency, r.row.fault) == (dependency, fault)]
            if not found:
                continue
            cells = [f"{_cell(found, of_s, busy=False)} / {_cell(found, of_s, busy=True)}" for of_s in lengths]
            amiss = sum(r.counts[WRONG] + r.counts[UNTYPED] for r in found)
            late, calls = (sum(r.counts[what] for r in found) for what in ("late", "calls"))
            herd = max(r.herd for r in found)
            lines.append([f"{dependency} {fault}", *cells, str(herd), str(amiss), f"{late} of {calls}"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(found: Sequence[Result], of_s: float, *, busy: bool) -> str:
    for result in found:
        if result.row.of_s == of_s and result.row.busy is busy:
            after = slowest(result)
            text = f"{after:.1f}" if after < float("inf") else "never"
            marks = ("?" if result.distorted else "") + ("*" if result.row.put_together else "")
            return (text if result.holds else f"**{text}**") + marks
    return "–"


def details(result: Result) -> str:
    """One row: what misses its bar, and what was told wrong."""
    worst = f"{slowest(result):.2f} s {result.worst[0]}"
    world = f"away {result.away_s:.1f} s, {result.herd} {HERD}, {result.control.share:.1%} of the control's calls late"
    if result.distorted:
        world += " (the machine is too busy to say)"
    lines = [f"{result.row.name}: {worst}; {world}"]
    for name, one in result.late.items():
        after = "never" if one.after_s is None else f"{one.after_s:.2f} s"
        lines.append(f"    {name}: {after} (bar {bar(name):g} s), last said {one.last_bad}")
    return "\n".join([*lines, *(f"    {what}" for what in dict.fromkeys(result.amiss))])
