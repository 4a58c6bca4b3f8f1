"""The standings in a file of this machine: what a process remembers while PostgreSQL, the better place, is away."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from ...errors import StoreUnavailable
from ...model.standing import LABELS, Effect, Standing, State, Trouble

#: Larger than the file can become.
MOST_BYTES = 100_000


class StandingFile:
    """Replaced whole, so that whoever reads meanwhile sees the old one. A file of somebody else's is no file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mapping[str, Standing]:
        """What was written last. Raises StoreUnavailable where there is nothing to be read."""
        try:
            raw = self._path.read_bytes()[:MOST_BYTES]
            rows = [_standing(row) for row in orjson.loads(raw)]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable("the file of standings cannot be read") from error
        return {row.name: row for row in rows if row.name in LABELS}

    def write(self, standings: Iterable[Standing]) -> None:
        """Write these; the others stay. Raises StoreUnavailable where there is no writing."""
        known: dict[str, Standing] = {}
        with suppress(StoreUnavailable):
            known.update(self.read())
        known.update({found.name: found for found in standings})
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(orjson.dumps([_row(found) for found in known.values()]))
            fresh.replace(self._path)
        except OSError as error:
            raise StoreUnavailable("the file of standings cannot be written") from error


_PLAIN = ("name", "reason", "action", "since", "seen_at", "last_good", "onset")


def _row(found: Standing) -> dict[str, Any]:
    past, effect = (tuple(part) if part else None for part in (found.past, found.effect))
    return {name: getattr(found, name) for name in _PLAIN} | {"state": found.state, "past": past, "effect": effect}


def _standing(row: Mapping[str, Any]) -> Standing:
    past, effect = row["past"], row["effect"]
    return Standing(
        **{name: row[name] for name in _PLAIN},
        state=State(row["state"]),
        past=Trouble(float(past[0]), float(past[1]), State(past[2]), str(past[3])) if past else None,
        effect=Effect(*effect) if effect else None,
    )
