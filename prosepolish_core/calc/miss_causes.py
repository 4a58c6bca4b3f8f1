"""Why a cache was missed, and which cause changed its hit rate by how much: the parts add up to the change."""

from typing import NamedTuple


class MissCauses(NamedTuple):
    """Misses of one cache out of `asked` lookups, by what the tier below said.

    `expired` and `evicted`: the tier below still had it, so it had been here; split as the server's key events are.
    `gone`: the same, where nobody listens to key events. `new`: the tier below did not have it either. `waited`:
    another caller's load was waited for. `unasked`: the tier below could not be asked.
    """

    asked: float
    new: float = 0.0
    expired: float = 0.0
    evicted: float = 0.0
    gone: float = 0.0
    waited: float = 0.0
    unasked: float = 0.0

    @property
    def causes(self) -> dict[str, float]:
        """Misses by cause, without how many were asked."""
        return {name: value for name, value in self._asdict().items() if name != "asked"}

    @property
    def ratio(self) -> float | None:
        """The hit ratio; None where nothing was asked."""
        return 1.0 - sum(self.causes.values()) / self.asked if self.asked > 0 else None


def causes(
    asked: int, misses: int, waited: int, known_below: int, unknown_below: int, expired: float | None, evicted: float | None
) -> MissCauses:
    """Sort the misses. What no count explains (the tier below failed, or was not reached) could not be asked."""
    left = max(0, misses - waited)
    known = min(left, known_below)
    new = min(left - known, unknown_below)
    removed = (expired or 0.0) + (evicted or 0.0)
    share = (evicted or 0.0) / removed if removed else 0.0
    heard = known if removed else 0.0
    return MissCauses(
        float(asked),
        new=float(new),
        expired=heard * (1.0 - share),
        evicted=heard * share,
        gone=float(known) - heard,
        waited=float(min(misses, waited)),
        unasked=float(left - known - new),
    )


def changes(now: MissCauses, then: MissCauses) -> dict[str, float]:
    """By how much each cause's share of all lookups grew; the hit ratio fell by their sum. Empty where unknown."""
    if now.asked <= 0 or then.asked <= 0:
        return {}
    return {name: value / now.asked - then.causes[name] / then.asked for name, value in now.causes.items()}
