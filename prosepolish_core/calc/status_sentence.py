"""The standings in one sentence, as pages, `check` and alert messages say it: what, since when, what users get."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from ..model.health import Level
from ..model.outcome import Tier
from ..model.standing import COLLECTORS, LABELS, OpenIncident, Standing, Standings, State
from . import numbers

#: What the loss of each means to users, where nothing was counted that tells.
MEANS: Mapping[str, str] = {
    Tier.REDIS.value: "lookups go to PostgreSQL",
    "state": "log-ins are checked in PostgreSQL, limits are kept by each process alone",
    Tier.POSTGRES.value: "what Redis lacks goes to the APIs; log-ins and changes of profiles fail",
    Tier.DICTIONARY_API.value: "words that are not stored go to Gemini",
    Tier.GEMINI.value: "texts that are not cached stay uncorrected",
    COLLECTORS: "no reading is new; users notice nothing",
}
#: Trouble that ended longer ago than this is no news.
REMEMBERED_S = 86_400.0
#: What began later than this was only seen now: nobody knows since when it goes on.
JUST_NOW_S = 1.0
#: An added time below this is none.
LEAST_ADDED_S = 0.0001


class StatusPart(NamedTuple):
    """One fault in words, and the dependency that it is about."""

    name: str
    level: Level
    text: str
    reason: str
    incident: str = ""


class StatusLine(NamedTuple):
    """The first line of every page: the worst level, and one part for each fault, worst first."""

    level: Level
    parts: tuple[StatusPart, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return " · ".join(part.text for part in self.parts)


def status_line(found: Standings, now: float) -> StatusLine:
    """What is amiss, worst first; then incidents that no standing tells of; else what is not known;
    else since when all is well.
    """
    amiss = tuple(
        StatusPart(s.name, s.verdict.level, fault(s, now, lost=place == 0), s.reason, s.incident)
        for place, s in enumerate(found.amiss)
    )
    amiss += tuple(_incident(incident, now) for incident in found.incidents)
    unknown = tuple(s for s in found if s.state is State.UNKNOWN)
    if unknown:
        names = ", ".join(s.label for s in unknown)
        text = f"Not known: {names}" if amiss else f"Nothing is known to be amiss; not known: {names}"
        amiss = (*amiss, StatusPart(unknown[0].name, Level.UNKNOWN, text, " ".join(s.reason for s in unknown)))
    if amiss:
        return StatusLine(max((part.level for part in amiss), key=lambda level: level.rank), amiss)
    since = max((s.since for s in found), default=now)
    text = f"All well since {clock(since, now)}"
    lately = [s for s in found if s.past and now - s.past.ended <= REMEMBERED_S]
    last = max(lately, key=lambda s: s.past.ended if s.past else 0.0, default=None)
    if last and last.past:
        lasted = numbers.age(last.past.ended - last.past.began)
        text += f"; before that {last.label} was {last.past.worst.value} for {lasted}"
    return StatusLine(Level.OK, (StatusPart("", Level.OK, text, ""),))


def _incident(found: OpenIncident, now: float) -> StatusPart:
    """An incident that no standing tells of."""
    since = f"since {clock(found.began, now)} ({numbers.age(max(0.0, now - found.began))})"
    return StatusPart(found.cause, found.level, f"{found.sentence}, {since}", "The incident tells its course.", found.id)


def fault(found: Standing, now: float, *, lost: bool = True) -> str:
    """One fault: what, since when, and what users get.

    `lost`: whether to say what was lost and how much longer it takes: that is so by all faults together, and told once.
    """
    age = now - found.since
    since = f"since {clock(found.since, now)} ({numbers.age(age)})" if age >= JUST_NOW_S else "as of now"
    when = f"{found.label} {found.state.value} {since}"
    told = effect(found, lost=lost)
    if found.state is State.DEGRADED:
        told = "; ".join(filter(None, (found.reason.removesuffix("."), told)))
    return f"{when}: {told}" if told else when


def effect(found: Standing, *, lost: bool = True) -> str:
    """What users get while this one is not well, by the calls of the last minute; else what its loss means at all."""
    known = found.effect
    if known is None or not known.calls:
        if found.state is not State.DOWN:
            return ""
        return MEANS.get(found.name, "") + ("" if known is None else "; nobody called in the last minute")
    parts = []
    if known.instead and found.state is State.DOWN:
        parts.append(f"lookups answered by {LABELS.get(known.instead, known.instead)}")
    if lost and known.added_s is not None and known.added_s >= LEAST_ADDED_S:
        parts.append(f"+{numbers.duration(known.added_s)}")
    if known.lost and lost:
        parts.append(
            f"{numbers.count(known.lost)} of {numbers.count(known.calls)} calls unanswered in the last minute "
            f"({numbers.percent(known.lost / known.calls)})"
        )
    elif lost:
        parts.append("nothing lost")
    return ", ".join(parts)


def clock(instant: float, now: float) -> str:
    """The time of day in UTC; of another day with its date."""
    at, today = datetime.fromtimestamp(instant, UTC), datetime.fromtimestamp(now, UTC).date()
    return f"{at:%H:%M} UTC" if at.date() == today else f"{at:%Y-%m-%d %H:%M} UTC"
