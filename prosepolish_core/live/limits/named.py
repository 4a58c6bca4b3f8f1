"""The named limits: one row each. The reference's 10 LLM calls per minute and user is the first."""

from typing import NamedTuple

from ...errors import InvalidIdentifier
from ...model.keys import encode
from ...model.limit import Limit, Outage

MINUTE, HOUR, DAY = 60, 3600, 86_400


class NamedLimit(NamedTuple):
    """A row: `subject` holds `{id}` where the caller's identifier goes (or nothing: one count for everybody)."""

    subject: str
    limits: tuple[Limit, ...]
    what: str


def _row(subject: str, what: str, *limits: Limit) -> NamedLimit:
    return NamedLimit(subject, limits, what)


NAMED: dict[str, NamedLimit] = {
    "llm": _row("user:{id}:llm", "LLM calls of a user", Limit(10, MINUTE, name="llm")),
    "llm_everybody": _row("everybody:llm", "LLM calls of all users", Limit(5_000, MINUTE, name="llm_everybody")),
    "llm_month": _row("user:{id}:llm_month", "LLM calls of a user in 30 days", Limit(3_000, 30 * DAY, name="llm_month")),
    "lookup": _row("user:{id}:lookup", "word lookups of a user", Limit(20, 1, name="lookup"), Limit(300, MINUTE, name="lookup")),
    "login": _row(
        "user:{id}:login",
        "log-ins tried for a user name",
        Limit(5, MINUTE, outage=Outage.REFUSE, name="login"),
        Limit(20, 15 * MINUTE, outage=Outage.REFUSE, name="login"),
    ),
    "login_address": _row(
        "ip:{id}:login", "log-ins tried from an address", Limit(30, 15 * MINUTE, outage=Outage.REFUSE, name="login_address")
    ),
    "profile_update": _row("user:{id}:profile", "profile updates of a user", Limit(30, MINUTE, name="profile_update")),
    "export": _row("user:{id}:export", "exports of a user", Limit(10, DAY, name="export")),
    "health": _row("ip:{id}:health", "health pages asked for", Limit(600, MINUTE, outage=Outage.ALLOW, name="health")),
}


def named(name: str, identifier: str = "") -> tuple[str, tuple[Limit, ...]]:
    """The subject and the limits of a named limit.

    Raises InvalidIdentifier for a name or an identifier it cannot use.
    """
    row = next((row for known, row in NAMED.items() if known == name), None)
    if row is None:
        raise InvalidIdentifier(f"there is no limit of that name; known are {', '.join(NAMED)}")
    if ("{id}" in row.subject) != bool(identifier):
        raise InvalidIdentifier(f"the limit {name} {'needs' if '{id}' in row.subject else 'takes no'} identifier")
    return row.subject.replace("{id}", encode(identifier) if identifier else ""), row.limits
