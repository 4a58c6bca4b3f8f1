"""The names that our tables may know a model by."""

import re

#: `gemini-2.5-flash-001` is a pinned revision of `gemini-2.5-flash`: it costs the same and ends with it.
_REVISION = re.compile(r"-\d{3}$")


def names_of(model: str) -> tuple[str, ...]:
    """The name without its resource prefix, in small letters; then without its revision, where it has one."""
    exact = model.removeprefix("models/").lower()
    return tuple(dict.fromkeys((exact, _REVISION.sub("", exact))))
