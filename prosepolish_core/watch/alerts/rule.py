"""What a rule is: an expression, its thresholds with their times, and the words that a person at night needs."""

from dataclasses import dataclass

from ...calc.alert_state import Threshold
from ...calc.expression import Expression
from ...model.alert import NoData
from ...model.health import Level
from ...model.sample import Labels

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. `thresholds` go from mild to severe; the most severe one that fires is the alert's level.

    `subject` names what it is about, with labels in braces. `cause` is the dependency that incidents are grouped by; it
    may be a label in braces too. A `consequence` may be the doing of another dependency (see calc/incidents.py). While
    the rule `silenced_by` fires for the same instance this one is not told. `unit` is a base unit. `needs`: what is
    missing where its value is unknown. A rule that does not tell (`tells`) is about how things are set up: pages show
    it, nobody is woken, and it makes no incident. `standing`: how the dependency stands says the same, and sooner, so
    the first line of a page need not say it twice.
    """

    name: str
    subject: str
    value: Expression
    unit: str
    thresholds: tuple[Threshold, ...]
    means: str
    do: str
    cause: str = "{instance}"
    consequence: bool = False
    silenced_by: str = "instance_down"
    needs: str = "nothing was read lately that tells"
    tells: bool = True
    standing: bool = False

    def about(self, labels: Labels) -> str:
        """The subject of one alert of this rule."""
        return self.subject.format_map(_Words(labels))

    def cause_of(self, labels: Labels) -> str:
        """The dependency that one alert of this rule is about."""
        return self.cause.format_map(_Words(labels))


class _Words(dict[str, str]):
    """Labels for a template; one that is missing reads as nothing known."""

    def __missing__(self, name: str) -> str:
        return f"(no {name})"


def warning(
    fire: float, clear: float, hold_min: float, *, falling: bool = False, clear_min: float = 1.0, no_data: NoData = NoData.HOLD
) -> Threshold:
    """A threshold of a warning; times in minutes."""
    return Threshold(Level.WARNING, fire, clear, hold_min * MINUTE, clear_min * MINUTE, falling, no_data)


def critical(
    fire: float, clear: float, hold_min: float, *, falling: bool = False, clear_min: float = 1.0, no_data: NoData = NoData.HOLD
) -> Threshold:
    """A threshold of a critical alert; times in minutes."""
    return Threshold(Level.CRITICAL, fire, clear, hold_min * MINUTE, clear_min * MINUTE, falling, no_data)
