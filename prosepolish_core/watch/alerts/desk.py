"""The desk: changes of alerts become incidents, and incidents become messages: few, grouped, each once.

Pure: no clock, no I/O.

A message waits a few seconds for the alerts that belong to it. An incident is told when it begins, when it becomes
critical, and when it is over. Many incidents at once are one digest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from ...calc.incidents import REOPEN_S, place
from ...model.alert import AlertChange
from ...model.health import Level
from ...model.incident import KINDS, FiredAlert, Incident, IncidentEvent, Message
from .rule import Rule

#: Seconds a message waits for alerts that belong to the same incident.
GROUP_S = 10.0
#: More messages than this due at the same time become one digest.
MOST_AT_ONCE = 3
#: The longest time that a rule's condition is held before it fires.
LONGEST_HOLD_S = 3600.0
#: Ended incidents kept here: as long as an alert may still join whose condition began soon after the end.
KEPT_S = REOPEN_S + LONGEST_HOLD_S + 60.0


class Muting(Protocol):
    """Of what nobody wants to hear now: silenced, in maintenance, in quiet hours, or explained by another alert."""

    def of_alert(self, rule: Rule, alert: FiredAlert) -> str:
        """Why nobody is told of this alert now; empty: somebody is."""

    def of_end(self, level: Level) -> str:
        """Why nobody is told now that an incident of this level is over."""


class NothingMuted:
    """Implements Muting: everything is told."""

    def of_alert(self, _rule: Rule, _alert: FiredAlert) -> str:
        """See Muting."""
        return ""

    def of_end(self, _level: Level) -> str:
        """See Muting."""
        return ""


NOTHING = NothingMuted()


@dataclass(slots=True)
class Desk:
    """Incidents that go on or ended lately, and the messages to be sent. Everything that must survive a restart."""

    rules: Mapping[str, Rule]
    incidents: dict[str, Incident] = field(default_factory=dict)
    outbox: dict[str, Message] = field(default_factory=dict)

    def take(self, changes: Sequence[AlertChange], muting: Muting = NOTHING) -> list[Incident]:
        """Sort changes into incidents and queue what is to be told; gives the incidents that changed."""
        touched: dict[str, None] = {}
        for change in changes:
            if (rule := self.rules.get(change.rule)) is not None and (found := self._sort(change, rule, muting)) is not None:
                touched[found.id] = None
        for name in touched:
            self._tell(self.incidents[name], changes[-1].at, muting)
        return [self.incidents[name] for name in touched]

    def recheck(self, now: float, muting: Muting) -> list[Incident]:
        """Tell what was muted and is not any more: a silence ended, the night is over; gives what changed."""
        before = list(self.incidents.values())
        for incident in before:
            self._tell(incident, now, muting)
        return [self.incidents[old.id] for old in before if self.incidents[old.id] is not old]

    def due(self, now: float) -> list[Message]:
        """What is to be sent now, oldest first; more than a few are one digest."""
        found = sorted((m for m in self.outbox.values() if m.due <= now), key=lambda m: m.due)
        fresh = [m for m in found if m.kind != "digest" and not m.attempts]
        if len(fresh) <= MOST_AT_ONCE:
            return found
        for message in fresh:
            del self.outbox[message.key]
        names = tuple(dict.fromkeys(name for m in fresh for name in m.incidents))
        level = max((m.level for m in fresh), key=lambda one: one.rank)
        digest = Message(f"digest-{_stamp(now)}-{len(names)}", "digest", names, level, now)
        self.outbox[digest.key] = digest
        return [m for m in found if m.key in self.outbox] + [digest]

    def begin(self, key: str) -> Message | None:
        """An attempt begins: until it is settled nobody knows whether the receivers have the message."""
        if message := self.outbox.get(key):
            self.outbox[key] = message._replace(attempts=message.attempts + 1, maybe_told=True)
        return message

    def settle(
        self,
        key: str,
        told_by: tuple[str, ...],
        again_at: float | None,
        *,
        maybe_told: bool = False,
        failures: Mapping[str, str] | None = None,
        now: float = 0.0,
    ) -> list[Incident]:
        """An attempt is over: told by these channels in all,
        and tried again at `again_at` for the others (None: all have it). Gives the incidents that it belongs to.
        """
        if (message := self.outbox.get(key)) is None:
            return []
        if again_at is None:
            del self.outbox[key]
        else:
            self.outbox[key] = message._replace(due=again_at, told_by=told_by, maybe_told=maybe_told)
        told = [("told", f"{channel}: {KINDS[message.kind]}") for channel in told_by if channel not in message.told_by]
        told += [("not_told", f"{channel}: {reason}") for channel, reason in (failures or {}).items()]
        concerned = [self.incidents[name] for name in message.incidents if name in self.incidents]
        return [self._put(_noted(incident, told, message, now)) for incident in concerned if told]

    def forget(self, now: float) -> None:
        """Let go of incidents that are over and told."""
        waiting = {name for message in self.outbox.values() for name in message.incidents}
        for name, incident in list(self.incidents.items()):
            over = incident.ended is not None and now - incident.ended > KEPT_S and incident.told_level is Level.OK
            if over and name not in waiting:
                del self.incidents[name]

    def _sort(self, change: AlertChange, rule: Rule, muting: Muting) -> Incident | None:
        holder = next((i for i in self.incidents.values() if _find(i, change) is not None), None)
        if change.level is Level.OK:
            return None if holder is None else self._put(_resolved(holder, change))
        if holder is None:
            cause = rule.cause_of(change.labels)
            known = self.incidents.values()
            holder = place(cause, consequence=rule.consequence, since=change.since, incidents=known) or self._begin(cause, change)
        after = _fired(holder, change)
        alert = _find(after, change)
        if alert is not None and (reason := muting.of_alert(rule, alert)):
            after = after.with_event(IncidentEvent(change.at, "muted", change.rule, change.labels, change.level, None, reason))
        return self._put(after)

    def _begin(self, cause: str, change: AlertChange) -> Incident:
        name, number = f"{_stamp(change.since)}-{cause}", 1
        while name in self.incidents:
            number += 1
            name = f"{_stamp(change.since)}-{cause}-{number}"
        return Incident(name, cause, change.level, change.since)

    def _put(self, incident: Incident) -> Incident:
        self.incidents[incident.id] = incident
        return incident

    def _tell(self, incident: Incident, now: float, muting: Muting) -> None:
        firing = [a for a in incident.firing if (rule := self.rules.get(a.rule)) and not muting.of_alert(rule, a)]
        level = max((a.level for a in firing), key=lambda one: one.rank, default=Level.OK)
        kind = ""
        if incident.ended is not None and incident.told_level is not Level.OK:
            kind = "" if muting.of_end(incident.level) else "resolved"
        elif level.rank > incident.told_level.rank:
            kind = "opened" if incident.told_level is Level.OK else "worse"
        if not kind:
            return
        waiting = (m for m in self.outbox.values() if m.incidents == (incident.id,) and m.kind == "opened" and not m.attempts)
        opening = next(waiting, None)
        if opening and kind == "worse":  # it has not been told yet: the one message tells the worst
            self.outbox[opening.key] = opening._replace(level=level)
        else:
            key = f"{incident.id}-{incident.told + 1}"
            self.outbox[key] = Message(key, kind, (incident.id,), level, now + GROUP_S)
            incident = replace(incident, told=incident.told + 1)
        self._put(replace(incident, told_level=level))


def _stamp(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%SZ")


def _find(incident: Incident, change: AlertChange) -> FiredAlert | None:
    """The alert of this rule and subject that still fires in the incident."""
    return next((a for a in incident.firing if (a.rule, a.labels) == (change.rule, change.labels)), None)


def _fired(incident: Incident, change: AlertChange) -> Incident:
    before = _find(incident, change)
    event = IncidentEvent(change.at, "fired", change.rule, change.labels, change.level, change.value)
    if before is None:
        alert = FiredAlert(change.rule, change.labels, change.level, change.since, change.at, None, change.value, change.value)
        alerts = (*incident.alerts, alert)
    else:
        after = replace(before, level=change.level, value=change.value)
        alerts = tuple(after if a is before else a for a in incident.alerts)
        event = replace(event, kind="worse" if change.level.rank > before.level.rank else "better")
    if incident.ended is not None:
        incident = incident.with_event(IncidentEvent(change.at, "again"))
    level = max((incident.level, change.level), key=lambda one: one.rank)
    return replace(incident, level=level, ended=None, alerts=alerts).with_event(event)


def _resolved(incident: Incident, change: AlertChange) -> Incident:
    before = _find(incident, change)
    alerts = tuple(replace(a, resolved_at=change.at, value=change.value) if a is before else a for a in incident.alerts)
    incident = incident.with_event(IncidentEvent(change.at, "resolved", change.rule, change.labels, Level.OK, change.value))
    if any(a.resolved_at is None for a in alerts):
        return replace(incident, alerts=alerts)
    return replace(incident, alerts=alerts, ended=change.at).with_event(IncidentEvent(change.at, "ended"))


def _noted(incident: Incident, told: Iterable[tuple[str, str]], message: Message, now: float) -> Incident:
    """With what became of a message. A channel that fails again and again for one reason is noted once."""
    for kind, text in told:
        known = next((e for e in reversed(incident.events) if e.kind in {"told", "not_told"}), None)
        if known is None or (known.kind, known.text) != (kind, text) or kind == "told":
            incident = incident.with_event(IncidentEvent(now, kind, level=message.level, text=text))
    return incident
