"""docs/alerts.md lists every rule as the table in the code has it."""

import re
from pathlib import Path

import pytest

from prosepolish_core.calc.numbers import said
from prosepolish_core.watch.alerts.rule import Rule
from prosepolish_core.watch.alerts.rules import BY_NAME

TEXT = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")


def row(rule: Rule) -> str:
    """The line of the document for one rule."""
    levels = "; ".join(
        f"{t.level.value} {'below' if t.falling else 'above'} {said(t.fire, rule.unit)} for {said(t.hold_s, 'seconds')},"
        f" clear at {said(t.clear, rule.unit)}"
        for t in rule.thresholds
    )
    return f"| `{rule.name}` | {levels.replace(chr(0x2009), ' ')} | {rule.means} | {rule.do} |"


@pytest.mark.parametrize("rule", BY_NAME.values(), ids=BY_NAME)
def test_a_rule_is_told_with_its_levels_its_reason_and_what_to_do(rule: Rule) -> None:
    """Word for word: who is woken reads the document."""
    assert row(rule) in TEXT.splitlines()


def test_no_rule_is_told_that_does_not_exist() -> None:
    """A line for each rule, and no more."""
    told = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert sorted(told) == sorted(BY_NAME)
