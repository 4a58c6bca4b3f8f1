"""One TOML file that changes rules, for all instances or for one: levels, times, or off; and names quiet times.

[memory_full]                        # a rule's name, see docs/alerts.md
warning = { fire = 0.85, clear = 0.80, hold_min = 10 }

[memory_full.on.cache]               # for one instance (or tier) alone
off = true
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from ...calc.alert_state import Threshold
from ...errors import InvalidInput
from ...model.health import Level
from ...model.sample import Labels
from .quiet import NEVER, QuietTimes, of_table
from .rule import MINUTE, Rule

#: What may be changed of a threshold, its field and its factor.
NUMBERS = {"fire": ("fire", 1.0), "clear": ("clear", 1.0), "hold_min": ("hold_s", MINUTE), "clear_min": ("clear_s", MINUTE)}
LEVELS = {"warning": Level.WARNING, "critical": Level.CRITICAL}
#: Labels by whose value a part of a rule can be named.
SCOPES = ("instance", "tier")


@dataclass(frozen=True, slots=True)
class Overrides:
    """Changed thresholds by rule and scope, the empty scope is for all; and when nobody is told."""

    of: Mapping[tuple[str, str], tuple[Threshold, ...]]
    quiet: QuietTimes = NEVER

    def thresholds(self, rule: Rule, labels: Labels) -> tuple[Threshold, ...]:
        """Those that hold for one alert; none when it is switched off."""
        if not self.of:
            return rule.thresholds
        for name, value in labels:
            if name in SCOPES and (found := self.of.get((rule.name, value))) is not None:
                return found
        return self.of.get((rule.name, ""), rule.thresholds)


NONE = Overrides({})


def read(path: Path, rules: Mapping[str, Rule]) -> Overrides:
    """The file as overrides. Raises InvalidInput with one sentence that names the place and the fix."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"the file of alert rules cannot be read: {error.strerror or type(error).__name__}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the file of alert rules is not valid TOML: {error}") from None
    quiet = of_table(found.pop("quiet", None), found.pop("maintenance", None))
    return Overrides(dict(_of_rules(found, rules)), quiet)


def _of_rules(found: Mapping[str, Any], rules: Mapping[str, Rule]) -> Iterator[tuple[tuple[str, str], tuple[Threshold, ...]]]:
    for name, table in found.items():
        rule = rules.get(name)
        if rule is None:
            raise InvalidInput(f"no alert rule is called {name!r}; prosepolish alerts list --rules names them")
        if not isinstance(table, dict):
            raise InvalidInput(f"[{name}] must be a table")
        scopes = table.pop("on", {})
        if not isinstance(scopes, dict):
            raise InvalidInput(f"[{name}.on] must hold tables named by instance or tier")
        general = _changed(name, table, rule.thresholds)
        yield (name, ""), general
        for scope, changes in scopes.items():
            if not isinstance(changes, dict):
                raise InvalidInput(f"[{name}.on.{scope}] must be a table")
            yield (name, scope), _changed(f"{name}.on.{scope}", changes, general or rule.thresholds)


def _changed(place: str, changes: Mapping[str, Any], thresholds: tuple[Threshold, ...]) -> tuple[Threshold, ...]:
    found = {t.level: t for t in thresholds}
    off = False
    for name, value in changes.items():
        if name == "off":
            if not isinstance(value, bool):
                raise InvalidInput(f"[{place}] off is true or false")
            off = value
        elif name not in LEVELS or not isinstance(value, dict):
            raise InvalidInput(f"[{place}] {name} is not known; it takes off, warning = {{…}} and critical = {{…}}")
        elif LEVELS[name] not in found:
            raise InvalidInput(f"[{place}] this rule has no level {name}; it has {', '.join(t.level for t in thresholds)}")
        else:
            found[LEVELS[name]] = _threshold(f"{place}.{name}", value, found[LEVELS[name]])
    return () if off else tuple(found.values())


def _threshold(place: str, changes: Mapping[str, Any], before: Threshold) -> Threshold:
    fields: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in NUMBERS:
            raise InvalidInput(f"[{place}] {name} is not known; it takes {', '.join(NUMBERS)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise InvalidInput(f"[{place}] {name} is a number")
        field, factor = NUMBERS[name]
        if field.endswith("_s") and not 0 <= value <= 10_080:
            raise InvalidInput(f"[{place}] {name} lies between 0 and 10080 minutes (a week)")
        fields[field] = float(value) * factor
    after = replace(before, **fields)
    if after.clear < after.fire if after.falling else after.clear > after.fire:
        side = "not below" if after.falling else "not above"
        raise InvalidInput(f"[{place}] clear ({after.clear:g}) must be {side} fire ({after.fire:g})")
    return after
