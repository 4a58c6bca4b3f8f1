"""Replay: every rule over a stretch of history at once; what the evaluator would have said look by look."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from ...calc.alert_state import Threshold
from ...calc.courses import History, Numbers
from ...calc.replay import Firing, firings
from ...model.alert import AlertChange
from ...model.health import Level
from ...model.sample import Labels
from .overrides import NONE, Overrides
from .rule import Rule


class Replayed(NamedTuple):
    """What would have changed, in order of time and of the rules; rules that could not be evaluated, and why."""

    changes: list[AlertChange]
    broken: dict[str, str]


def replay(rules: Sequence[Rule], history: History, instants: Numbers, overrides: Overrides = NONE) -> Replayed:
    """Look at every rule at each of these ascending instants."""
    changes: list[tuple[float, int, AlertChange]] = []
    broken: dict[str, str] = {}
    for order, rule in enumerate(rules):
        try:
            found = rule.value.over(history, instants)
        except Exception as error:  # noqa: BLE001 - as in the evaluator: one rule that fails must not silence the others
            broken[rule.name] = type(error).__name__
            continue
        for labels, values in found.items():
            thresholds = overrides.thresholds(rule, labels)
            changes += [(change.at, order, change) for change in _changes(rule, labels, thresholds, values, instants)]
    return Replayed([change for _, _, change in sorted(changes, key=lambda one: one[:2])], broken)


def looks(changes: Sequence[AlertChange]) -> Iterator[tuple[float, list[AlertChange]]]:
    """The changes of each look, one look after the other."""
    for at, some in groupby(changes, key=lambda change: change.at):
        yield at, list(some)


def _changes(
    rule: Rule, labels: Labels, thresholds: Sequence[Threshold], values: Numbers, instants: Numbers
) -> Iterator[AlertChange]:
    """The most severe level that fires, wherever it changes."""
    steps: list[tuple[int, int, Firing | None]] = []
    for number, threshold in enumerate(thresholds):
        for firing in firings(threshold, values, instants):
            steps.append((firing.fired, number, firing))
            if firing.ended is not None:
                steps.append((firing.ended, number, None))
    fires: dict[int, Firing] = {}
    before, since = Level.OK, 0.0
    for place, some in groupby(sorted(steps, key=lambda step: step[0]), key=lambda step: step[0]):
        for _, number, begun in some:
            if begun is None:
                fires.pop(number, None)
            else:
                fires[number] = begun
        worst = max(fires, key=lambda number: thresholds[number].level.rank, default=None)
        level = Level.OK if worst is None else thresholds[worst].level
        if level is not before:
            since = since if worst is None else float(instants[fires[worst].since])
            value = None if np.isnan(values[place]) else float(values[place])
            yield AlertChange(rule.name, labels, level, float(instants[place]), value, since)
            before = level
