"""Verdicts: one judgement about one subject, with its reason and advice."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is; `rank` orders them."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for ok … 3 for critical."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement about one subject. `reason` is a sentence, `action` says what to do (may be empty)."""

    subject: str
    level: Level
    reason: str
    action: str = ""
