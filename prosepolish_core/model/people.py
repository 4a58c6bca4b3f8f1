"""What is known of a user: a profile or the settings, and which tier gave it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import InvalidInput
from .outcome import Outcome, Tier, Trace

#: Deepest nesting and most fields of one update.
DEEPEST, MOST_FIELDS = 20, 200


@dataclass(frozen=True, slots=True)
class UserRecord:
    """Treat `data` as read-only. Without a row yet: empty data, version 0, outcome `negative_hit`."""

    user_id: str
    data: Mapping[str, Any]
    version: int
    tier: Tier
    outcome: Outcome
    trace: Trace = ()
    age_s: float | None = None
    degraded: bool = False

    @property
    def known(self) -> bool:
        """Whether anything was ever kept for this user."""
        return self.version > 0


class PersonRow(NamedTuple):
    """A profile or the settings of one user. `version` grows by one with every update; 0: there is no row yet."""

    data: Mapping[str, object]
    version: int


def checked_changes(changes: object) -> dict[str, Any]:
    """The fields of an update, all of them plain JSON. Raises InvalidInput."""
    if not isinstance(changes, Mapping) or not changes:
        raise InvalidInput("an update is a mapping of field names to values, with at least one field")
    if len(changes) > MOST_FIELDS:
        raise InvalidInput(f"an update has at most {MOST_FIELDS} fields")
    return {_text(name, "field name"): _plain(value, DEEPEST) for name, value in changes.items()}


def _plain(value: object, depth: int) -> Any:
    if depth == 0:
        raise InvalidInput(f"a value is nested more than {DEEPEST} deep")
    match value:
        case None | bool():
            return value
        case str():
            return _text(value, "value")
        case int() if abs(value) < 2**53:
            return value
        case float() if value == value and abs(value) < 1e300:
            return value
        case list() | tuple():
            return [_plain(item, depth - 1) for item in value]
        case Mapping():
            return {_text(name, "field name"): _plain(item, depth - 1) for name, item in value.items()}
    raise InvalidInput("a value must be text, a number below 2^53, true, false, null, a list or a mapping")


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"a {what} must be text")
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise InvalidInput(f"a {what} must not contain NUL or lone surrogates")
    return value
