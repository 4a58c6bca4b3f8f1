"""How long telemetry is kept, and removing what is older: done by the recorders' own flushes, about once an hour."""

from datetime import datetime, timedelta
from typing import NamedTuple

from ...drivers.postgres_pool import Connection
from .reader_plan import KEPT, LEDGER_KEPT

#: Sampled key reads are for planning ahead: two weeks are enough to try a time to live of a week.
ACCESSES_KEPT = timedelta(days=15)
#: A process that did not flush for so long will not send its last flush again.
FLUSHES_KEPT = timedelta(days=7)
#: A margin, so that nothing is removed that a plan may still choose.
MARGIN = timedelta(hours=1)
#: Lets one process at a time remove.
LOCK = 0x7E1E_0002


class RetentionRule(NamedTuple):
    """Rows of `table` older than `kept` are removed; `step` where one table holds several resolutions."""

    table: str
    kept: timedelta
    step: int | None = None


RULES = (
    *(
        RetentionRule(table, kept + MARGIN, step)
        for table in ("telemetry_lookup", "telemetry_event")
        for step, kept in KEPT.items()
    ),
    RetentionRule("llm_ledger", LEDGER_KEPT[1]),
    RetentionRule("llm_ledger_sum", LEDGER_KEPT[3600] + MARGIN),
    RetentionRule("access_chunk", ACCESSES_KEPT),
    RetentionRule("telemetry_flush", FLUSHES_KEPT),
)


def remove_old(connection: Connection, now: datetime) -> dict[str, int]:
    """Remove what is past its time, in the caller's transaction; rows removed by table.

    Nothing when another process is at it.
    """
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()
    removed: dict[str, int] = {}
    if row and row[0]:
        for rule in RULES:
            step, values = ("step = %s AND ", [rule.step]) if rule.step else ("", [])
            count = connection.execute(f"DELETE FROM {rule.table} WHERE {step}ts < %s", [*values, now - rule.kept]).rowcount
            if count:
                removed[rule.table] = removed.get(rule.table, 0) + count
    return removed
