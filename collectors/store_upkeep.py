"""store_upkeep: roll-ups and retention, as one more entry of the schedule; what was removed is in the store."""

from datetime import UTC, datetime, timedelta

from prosepolish_core.model.sample import Sample
from prosepolish_core.watch.series.retention import maintain
from prosepolish_core.watch.series.slow_commands import SlowCommands

from .reading import Database, ScheduledRead, SourceReply

NAME = "store_upkeep"


def read(database: Database, _entry: ScheduledRead[Database]) -> SourceReply:
    """Roll up what is due and remove what is past its time; says how much of each resolution went."""
    done = maintain(database.pool, database.kept)
    slow = SlowCommands(database.pool).prune(datetime.now(UTC) - timedelta(days=database.kept.raw))
    removed: dict[str, list[int]] = {}
    for part in done.removed:
        sums = removed.setdefault(part.what, [0, 0])
        sums[0] += part.rows
        sums[1] += part.size_bytes
    samples = [Sample("store_removed_rows", float(slow), labels=(("what", "slow_command"),))]
    for what, (rows, size) in sorted(removed.items()):
        label = (("what", what),)
        samples.append(Sample("store_removed_rows", float(rows), labels=label))
        samples.append(Sample("store_removed_bytes", float(size), unit="bytes", labels=label))
    samples += [Sample(f"store_rolled_{name}", float(number)) for name, number in done.rolled._asdict().items()]
    return SourceReply(
        tuple(samples), detail=", ".join(f"{rows} rows of {what}" for what, (rows, _) in sorted(removed.items()) if rows)
    )
