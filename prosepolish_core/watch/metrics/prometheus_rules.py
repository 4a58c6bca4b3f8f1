"""The alert rules as a file of rules for Prometheus: the same table, levels, times and words.

Each rule is one recorded value and one alert a level. An alert fires beyond its level, goes on until the value was back
at its clear level for the time that takes, and while the value is unknown nothing changes, as in our own evaluation.
"""

import re
from collections.abc import Iterator, Sequence

from ...calc.alert_state import Threshold
from ...calc.expression_reads import metrics_in
from ...calc.promql import number
from ...model.alert import NoData
from ..alerts.overrides import NONE, SCOPES, Overrides
from ..alerts.rule import Rule
from ..alerts.rules import RULES
from .rule_names import NOT_TOLD, WRITER

#: How often Prometheus looks, in seconds: as often as the scrape example scrapes.
EVERY_S = 15
HEAD = """\
# Alert rules of ProsePolish for Prometheus 2.42 or newer, written by `prosepolish export prometheus-rules`.
# They read the dashboard's /metrics, scraped as deploy/prometheus.yml says; scrape one dashboard only.
"""
_LABEL = re.compile(r"\{(\w+)\}")


def left_out() -> dict[str, str]:
    """Rules that are not written, and why."""
    found = {}
    for rule in RULES:
        reasons = [reason for metric, reason in NOT_TOLD.items() if metric in metrics_in(rule.value)]
        if reasons or not rule.tells:
            found[rule.name] = reasons[0] if reasons else "it wakes nobody: pages show it"
    return found | {"rule_failed": NOT_TOLD["rule_failed"]}


def written() -> list[Rule]:
    """Rules that are."""
    return [rule for rule in RULES if rule.name not in left_out()]


def recorded(rule: Rule) -> str:
    """The name under which a rule's value is recorded."""
    return f"prosepolish_rule:{rule.name}"


def rules_file(overrides: Overrides = NONE) -> str:
    """The file as YAML."""
    lines = [HEAD + "# Not in it:", *(f"#   {name}: {reason}" for name, reason in left_out().items())]
    lines += ["groups:", "  - name: prosepolish", f"    interval: {EVERY_S}s", "    rules:"]
    for rule in written():
        lines += _rule(rule, overrides)
    return "\n".join(lines) + "\n"


def _rule(rule: Rule, overrides: Overrides) -> Iterator[str]:
    labels = WRITER.labels(rule.value)
    by = f" by ({', '.join(WRITER.told(labels))})" if labels else ""
    yield f"      - record: {recorded(rule)}"
    yield f"        expr: {_quoted(f'max{by} ({WRITER.text(rule.value)})')}"
    scope = next((name for name in SCOPES if name in labels), "")
    alone = sorted(value for name, value in overrides.of if name == rule.name and value) if scope else []
    others = f'{{{scope}!~"{"|".join(map(re.escape, alone))}"}}' if alone else ""
    for threshold in overrides.thresholds(rule, ()):
        yield from _alert(rule, threshold, labels, others)
    for value in alone:
        for threshold in overrides.of[rule.name, value]:
            yield from _alert(rule, threshold, labels, f'{{{scope}="{value}"}}')


def _alert(rule: Rule, threshold: Threshold, labels: Sequence[str], where: str) -> Iterator[str]:
    yield f"      - alert: {rule.name}"
    yield f"        expr: {_quoted(' or '.join(_conditions(rule, threshold, labels, where)))}"
    if threshold.hold_s:
        yield f"        for: {number(threshold.hold_s)}s"
    if threshold.clear_s:
        yield f"        keep_firing_for: {number(threshold.clear_s)}s"
    named = {"severity": threshold.level.value, "cause": _templated(rule.cause), "silenced_by": rule.silenced_by}
    told = {"summary": _templated(rule.subject), "description": rule.means, "runbook": rule.do}
    for title, words in (("labels", named), ("annotations", told)):
        yield f"        {title}:"
        yield from (f"          {name}: {_quoted(text)}" for name, text in words.items() if text)


def _conditions(rule: Rule, threshold: Threshold, labels: Sequence[str], where: str) -> Iterator[str]:
    """Beyond its level; not back at its clear level, where it fires; nothing known, where it fires."""
    value, sign, on = f"{recorded(rule)}{where}", "<" if threshold.falling else ">", WRITER.on(labels)
    picked = f",{where[1:-1]}" if where else ""
    firing = f'ALERTS{{alertname="{rule.name}",alertstate="firing",severity="{threshold.level.value}"{picked}}}'
    yield f"{value} {sign} {number(threshold.fire)}"
    if threshold.clear != threshold.fire:
        yield f"({value} {sign} {number(threshold.clear)} and {on} {firing})"
    if threshold.no_data is NoData.HOLD:
        by = f" by ({', '.join(WRITER.told(labels))})" if labels else ""
        yield f"(max{by} ({firing}) unless {on} {value})"


def _templated(text: str) -> str:
    """Labels in braces, as Prometheus' templates name them."""
    return _LABEL.sub(lambda found: ":".join(f"{{{{ $labels.{name} }}}}" for name in WRITER.told([found[1]])), text)


def _quoted(text: str) -> str:
    """A text in YAML's single quotes, between which PromQL reads as it is."""
    return "'" + text.replace("'", "''") + "'"
