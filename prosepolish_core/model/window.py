"""A window: the half-open span of time a number speaks about, in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import InvalidWindow

_SPAN = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
#: Longer than the longest retention (hour roll-ups, two years).
LONGEST_S = 800 * 86_400


def parse_span(text: str) -> int:
    """Read `15m`, `6h` or `30d` as seconds. Raises InvalidWindow."""
    match = _SPAN.fullmatch(text.strip())
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 1 <= seconds <= LONGEST_S:
        raise InvalidWindow(f"'{text[:20]}' is not a time range; write for example 15m, 6h or 30d")
    return seconds


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end), both timezone-aware UTC instants."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise InvalidWindow("a window needs timezone-aware instants")
        if not self.start < self.end:
            raise InvalidWindow("a window must start before it ends")

    @classmethod
    def last(cls, seconds: float, now: datetime | None = None) -> "Window":
        """The window of this length that ends now."""
        end = now or datetime.now(UTC)
        return cls(end - timedelta(seconds=seconds), end)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()
