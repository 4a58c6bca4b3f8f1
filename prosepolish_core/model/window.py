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

    @classmethod
    def parse(cls, start: str, end: str) -> "Window":
        """Read two instants as ISO 8601 writes them (`2026-11-26T02:40Z`); without a zone they are UTC.

        Raises InvalidWindow.
        """
        return cls(_instant(start), _instant(end))

    def checked(self, now: datetime) -> "Window":
        """The same window. Raises InvalidWindow when it is longer than anything is kept, or has not begun by `now`."""
        if self.seconds > LONGEST_S:
            raise InvalidWindow(f"a window is at most {LONGEST_S // 86_400} days long")
        if self.start >= now:
            raise InvalidWindow("it lies in the future")
        return self

    def moved(self, lengths: float) -> "Window":
        """The window so many of its own lengths later."""
        by = (self.end - self.start) * lengths
        return Window(self.start + by, self.end + by)

    def overlaps(self, other: "Window") -> bool:
        """Whether any instant lies in both."""
        return self.start < other.end and other.start < self.end

    @property
    def texts(self) -> tuple[str, str]:
        """Both instants as `parse` reads them, to the second."""
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}", f"{self.end:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def words(self) -> str:
        """Both instants for people; the second day is told only where it is another."""
        end = f"{self.end:%H:%M}" if self.start.date() == self.end.date() else f"{self.end:%Y-%m-%d %H:%M}"
        return f"{self.start:%Y-%m-%d %H:%M} to {end} UTC"

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidWindow(f"'{text[:40]}' is no instant; write for example 2026-11-26T02:40Z") from None
