"""Evaluation: every rule looked at once, each alert moved on, and what changed. Pure but for its own memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import NamedTuple

import numpy as np

from ...calc.alert_state import Threshold, step
from ...calc.courses import History
from ...model.alert import AlertChange, AlertState, Held, NoData
from ...model.health import Level
from ...model.sample import Labels
from .instance_rules import RULE_FAILED
from .overrides import NONE, Overrides
from .rule import Rule
from .rule_standing import RuleStanding, RuleState, standing

#: At most this many alerts of one rule are followed; a rule that meets more says so by its own alert.
MOST_SUBJECTS = 2000


class AlertKey(NamedTuple):
    """One rule about one subject."""

    rule: str
    labels: Labels


@dataclass(slots=True)
class Evaluator:
    """How every alert stands. `look` comes in order of time; one thread at a time."""

    rules: Sequence[Rule]
    overrides: Overrides = NONE
    held: dict[AlertKey, list[Held]] = field(default_factory=dict)
    #: What else cannot be used, with the reason: told like a rule that fails.
    unusable: Mapping[str, str] = field(default_factory=dict)
    #: Rules that could not be evaluated at the last look, with the reason; RULE_FAILED tells of each.
    broken: dict[str, str] = field(default_factory=dict)
    #: What each rule came to at the last look, by subject.
    values: dict[str, Mapping[Labels, float]] = field(default_factory=dict)

    def standings(self) -> list[RuleStanding]:
        """How every rule stood at the last look, about each subject that it met; without labels where it met none."""
        found = []
        for rule in self.rules:
            if rule.name in self.broken:
                found.append(RuleStanding(rule.name, (), RuleState.UNJUDGED, reason="it fails; the collectors' log says why"))
                continue
            values = self.values.get(rule.name, {})
            followed = [labels for name, labels in self.held if name == rule.name]
            for labels in dict.fromkeys([*list(values)[:MOST_SUBJECTS], *followed]) or {(): None}:
                thresholds = self.overrides.thresholds(rule, labels)
                held = self.held.get(AlertKey(rule.name, labels), [])
                found.append(standing(rule, labels, thresholds, held, values.get(labels)))
        return found

    def look(self, history: History, now: float) -> list[AlertChange]:
        """Evaluate every rule at `now` (seconds since the epoch);
        what began to fire, changed its level or was resolved.
        """
        instants = np.array([now])
        changes: list[AlertChange] = []
        self.broken = {}
        for rule in self.rules:
            try:
                found = {labels: float(numbers[0]) for labels, numbers in rule.value.over(history, instants).items()}
            except Exception as error:  # noqa: BLE001 - one rule that fails must not silence the others
                self.broken[rule.name] = type(error).__name__
                continue
            self.values[rule.name] = found
            changes += self._judge(rule, found, now)
        failed = {key.labels: 0.0 for key in self.held if key.rule == RULE_FAILED.name}
        failed |= {(("rule", name),): 1.0 for name in (*self.broken, *self.unusable)}
        return changes + self._judge(RULE_FAILED, failed, now)

    def firing(self) -> Mapping[AlertKey, Held]:
        """Every alert that fires, at its most severe level."""
        return {key: worst for key, held in self.held.items() if (worst := _worst(held)).state is AlertState.FIRING}

    def restore(self, alerts: Iterable[tuple[AlertKey, Held]]) -> None:
        """Take over alerts that fired before this process began: they resolve, they do not fire anew."""
        rules = {rule.name: rule for rule in (*self.rules, RULE_FAILED)}
        for key, before in alerts:
            if rule := rules.get(key.rule):
                thresholds = self.overrides.thresholds(rule, key.labels)
                self.held[key] = [before if t.level.rank <= before.level.rank else Held() for t in thresholds]

    def _judge(self, rule: Rule, found: Mapping[Labels, float], now: float) -> list[AlertChange]:
        known = [labels for name, labels in self.held if name == rule.name]
        changes = []
        for labels in dict.fromkeys([*list(found)[:MOST_SUBJECTS], *known]):
            key = AlertKey(rule.name, labels)
            thresholds = self.overrides.thresholds(rule, labels)
            before = self.held.get(key)
            if not thresholds:
                changes += self._switched_off(key, now)
                continue
            if before is None and not any(_begins(t, found.get(labels)) for t in thresholds):
                continue  # nearly always: it was inactive and stays so
            before = before or [Held() for _ in thresholds]
            after = [step(old, t, found.get(labels), now) for old, t in zip(before, thresholds, strict=True)]
            was, now_is = _worst(before), _worst(after)
            if all(h.state is AlertState.INACTIVE for h in after):
                self.held.pop(key, None)
            else:
                self.held[key] = after
            if _level(was) is not _level(now_is):
                since = now_is.since if now_is.state is AlertState.FIRING else was.since
                changes.append(AlertChange(rule.name, labels, _level(now_is), now, now_is.value, since))
        return changes

    def _switched_off(self, key: AlertKey, now: float) -> list[AlertChange]:
        """A rule that is off for this subject; if it fired before, that is over."""
        was = _worst(self.held.pop(key, [Held()]))
        return [] if _level(was) is Level.OK else [AlertChange(key.rule, key.labels, Level.OK, now, None, was.since)]


def _begins(threshold: Threshold, value: float | None) -> bool:
    """Whether this value makes an inactive alert pending, or more."""
    if value is None or isnan(value):
        return threshold.no_data is NoData.FIRE
    return threshold.beyond(value)


def _worst(held: Sequence[Held]) -> Held:
    """The most severe level that fires, else the one that is nearest to firing."""
    if len(held) == 1:
        return held[0]
    order = (AlertState.INACTIVE, AlertState.PENDING, AlertState.FIRING)
    return max(held, key=lambda h: (order.index(h.state), h.level.rank))


def _level(held: Held) -> Level:
    return held.level if held.state is AlertState.FIRING else Level.OK
