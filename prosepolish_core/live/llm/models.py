"""The models we know: their names in our tables, when each is switched off, and the verdict about the one in use."""

import re
from datetime import date, timedelta
from typing import NamedTuple

from ...model.health import Level, Verdict

#: `gemini-2.5-flash-001` is a pinned revision of `gemini-2.5-flash`: it costs the same and ends with it.
_REVISION = re.compile(r"-\d{3}$")


def names_of(model: str) -> tuple[str, ...]:
    """The name without its resource prefix, in small letters; then without its revision, where it has one."""
    exact = model.removeprefix("models/").lower()
    return tuple(dict.fromkeys((exact, _REVISION.sub("", exact))))


#: How long before its end a model is worth a warning.
NOTICE = timedelta(days=60)


class Shutdown(NamedTuple):
    """The day from which a model may no longer answer.

    `earliest` means that the maker promises service only up to then.
    """

    model: str
    day: date
    earliest: bool
    source: str


SHUTDOWNS: tuple[Shutdown, ...] = (
    Shutdown("gemini-2.0-flash", date(2026, 6, 1), False, "Google's deprecation page"),
    Shutdown("gemini-2.0-flash-lite", date(2026, 6, 1), False, "Google's deprecation page"),
    Shutdown("gemini-2.5-flash", date(2026, 10, 16), True, "press report of Google's deprecation page"),
)


def model_verdict(model: str, today: date) -> Verdict:
    """Whether the model can be relied on today: ok, or a warning with the day and what to do."""
    names = names_of(model)
    name, found = names[0], next((row for row in SHUTDOWNS if row.model in names), None)
    if found is None or today + NOTICE < found.day:
        return Verdict("gemini", Level.OK, f"{name} has no announced end within {NOTICE.days} days")
    may = "may be shut down from" if found.earliest else "is shut down from" if today < found.day else "was shut down on"
    return Verdict("gemini", Level.WARNING, f"{name} {may} {found.day} ({found.source})", "Set GEMINI_MODEL to a newer model")
