"""The exported rules are our rules: promtool accepts them, and over the same broken world they fire when ours do."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from demo.history.faults import fault
from demo.history.knobs import Knobs, world
from prosepolish_core.calc.expression_reads import metrics_in
from prosepolish_core.model.sample import Labels
from prosepolish_core.watch.alerts.memory import STEPS, TIMES
from prosepolish_core.watch.alerts.overrides import NONE, read
from prosepolish_core.watch.alerts.rule import Rule
from prosepolish_core.watch.alerts.rules import BY_NAME, RULES
from prosepolish_core.watch.metrics.prometheus_rules import EVERY_S, left_out, recorded, rules_file, written
from prosepolish_core.watch.metrics.rule_names import WRITER
from tests.support.simulated_metrics import Fires, Instant, last_text, told

BEGAN, MINUTES = 1_800_000_000.0, 100
#: What breaks, and in which minute.
FAULTS = (
    ("cache_killed", 8),
    ("memory_leak", 12),
    ("state_flushed", 14),
    ("gemini_503", 20),
    ("replica_lag", 30),
    ("cache_read_only", 44),
    ("postgres_refusing", 56),
    ("bad_deploy", 60),
    ("cache_slow", 80),
)
#: Both look at slightly other instants and count a little differently at a window's edge: they are compared wherever
#: ours stays as it is for so many looks before and after.
STEADY_BEFORE, STEADY_AFTER = 8, 4
#: What the core counts.
COUNTS = {STEPS, TIMES, "llm_unpriced"}
PROMTOOL = pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here: .ci/prometheus installs it")


def broken() -> Knobs:
    at = BEGAN + EVERY_S * np.arange(MINUTES * 60 // EVERY_S)
    knobs = world(at, np.random.default_rng(1))
    for kind, minute in FAULTS:
        fault(kind, BEGAN + 60.0 * minute).turn(knobs)
    return knobs


def alerts_of(text: str) -> list[dict[str, Any]]:
    """The alerts of a file of rules."""
    (group,) = YAML(typ="safe").load(text)["groups"]
    return [rule for rule in group["rules"] if "alert" in rule]


def promtool(folder: Path, *arguments: str) -> str:
    """What it says; it must accept what it is given."""
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


def test_every_rule_is_written_with_its_levels_times_and_words_or_left_out_with_a_reason() -> None:
    """From one table: nothing is added, lost or told otherwise."""
    found = alerts_of(rules_file())
    assert {alert["alert"] for alert in found} | left_out().keys() == BY_NAME.keys()
    assert [alert["alert"] for alert in found] == [rule.name for rule in written() for _ in rule.thresholds]
    pairs = [(rule, threshold) for rule in written() for threshold in rule.thresholds]
    for alert, (rule, threshold) in zip(found, pairs, strict=True):
        assert alert["labels"]["severity"] == threshold.level.value
        assert (alert["annotations"]["description"], alert["annotations"]["runbook"]) == (rule.means, rule.do)
        assert float(alert.get("for", "0s")[:-1]) == threshold.hold_s
        assert float(alert.get("keep_firing_for", "0s")[:-1]) == threshold.clear_s


def test_a_changed_rule_is_written_as_it_was_changed(tmp_path: Path) -> None:
    """For all instances, for one alone, and off."""
    file = tmp_path / "rules.toml"
    file.write_text(
        "[memory_full]\nwarning = { fire = 0.85, hold_min = 20 }\n[memory_full.on.cache]\noff = true\n"
        "[memory_full.on.state]\ncritical = { fire = 0.95 }\n[swapping]\noff = true\n",
        encoding="utf-8",
    )
    found = alerts_of(rules_file(read(file, BY_NAME)))
    memory = [alert["expr"].partition(" or ")[0] for alert in found if alert["alert"] == "memory_full"]
    value = "prosepolish_rule:memory_full"
    assert memory == [
        f'{value}{{instance!~"cache|state"}} > 0.85',
        f'{value}{{instance!~"cache|state"}} > 0.9',
        f'{value}{{instance="state"}} > 0.85',
        f'{value}{{instance="state"}} > 0.95',
    ]
    assert not [alert for alert in found if alert["alert"] == "swapping"]


def test_rules_read_only_what_metrics_tell() -> None:
    """Every name in an expression stands in the text of /metrics, or is a metric that only some servers have."""
    rare = {
        "redis_master_link_down_since_seconds",
        "redis_tls_server_cert_expires_in_seconds",
        "prosepolish_llm_unpriced_calls_total",
    }
    names = set(re.findall(r"^(\w+)[{ ]", last_text(broken()), re.MULTILINE))
    asked = {name for rule in written() for name in re.findall(r"\b(?:redis|prosepolish)_\w+", WRITER.text(rule.value))}
    assert asked - names == rare


@pytest.mark.live
@PROMTOOL
def test_promtool_accepts_the_file(tmp_path: Path) -> None:
    """As it is shipped."""
    (tmp_path / "rules.yml").write_text(rules_file(NONE), encoding="utf-8")
    assert "SUCCESS" in promtool(tmp_path, "check", "rules", "rules.yml")


@pytest.mark.live
@pytest.mark.timeout(600)
@PROMTOOL
def test_over_a_broken_world_prometheus_fires_what_our_evaluation_fires(tmp_path: Path) -> None:
    """The same readings, as /metrics tells them, through promtool: in every steady minute the same alerts with the same
    labels and words, and no other.
    """
    knobs = broken()
    instants = told(knobs, RULES)
    (tmp_path / "rules.yml").write_text(rules_file(), encoding="utf-8")
    checks = [
        check for place in steady(instants) for check in expected(place, instants[place].fires, store=bool(knobs.postgres[place]))
    ]
    scenario = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{EVERY_S}s",
        "tests": [{"interval": f"{EVERY_S}s", "input_series": series(instants), "alert_rule_test": checks}],
    }
    (tmp_path / "test.yml").write_text(json.dumps(scenario), encoding="utf-8")

    promtool(tmp_path, "test", "rules", "test.yml")

    fired = {check["alertname"] for check in checks if check["exp_alerts"]}
    assert fired >= {
        "memory_full",
        "cache_flushed",
        "failing_gemini",
        "replica_lag",
        "writes_refused",
        "postgres_down",
        "hit_rate_dict_redis",
        "slow_redis",
        "redis_slow_commands",
    }
    assert len(checks) > 20 * len(written())


def steady(instants: Sequence[Instant]) -> Iterator[int]:
    """Whole minutes around which ours stays as it is."""
    for place in range(STEADY_BEFORE, len(instants) - STEADY_AFTER, 60 // EVERY_S):
        if len({instant.fires for instant in instants[place - STEADY_BEFORE : place + STEADY_AFTER]}) == 1:
            yield place


def series(instants: Sequence[Instant]) -> list[dict[str, str]]:
    """Every series of /metrics as promtool writes them; one that is told no more is stale, as after a scrape."""
    read: list[dict[str, float]] = []
    for instant in instants:
        families = text_string_to_metric_families(instant.text)
        read.append({_named(sample.name, sample.labels): sample.value for family in families for sample in family.samples})
    names = sorted(set[str]().union(*read))
    return [{"series": name, "values": " ".join(_values([one.get(name) for one in read]))} for name in names]


def _named(name: str, labels: Mapping[str, str]) -> str:
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in sorted(labels.items())) + "}"


def _values(values: Sequence[float | None]) -> Iterator[str]:
    before: float | None = None
    for value in values:
        yield repr(value) if value is not None else "_" if before is None else "stale"
        before = value


@cache
def templates() -> dict[tuple[str, str], dict[str, Any]]:
    """The alerts of the file by rule and level."""
    return {(alert["alert"], alert["labels"]["severity"]): alert for alert in alerts_of(rules_file())}


def expected(place: int, fires: frozenset[Fires], *, store: bool) -> Iterator[dict[str, Any]]:
    """What every exported rule must say in this minute; of the core's counts nothing is told without the store."""
    for rule in written():
        if not store and COUNTS & metrics_in(rule.value):
            continue
        alerts = []
        for name, labels, level in sorted(fires):
            if name == rule.name:
                template, named = templates()[name, level.value], as_told(rule, labels)
                alerts.append(
                    {
                        "exp_labels": named | filled(template["labels"], named),
                        "exp_annotations": filled(template["annotations"], named),
                    }
                )
        yield {"eval_time": f"{place * EVERY_S}s", "alertname": rule.name, "exp_alerts": alerts}


def as_told(rule: Rule, labels: Labels) -> dict[str, str]:
    """The labels of an alert as /metrics names them."""
    known = dict(labels)
    found: dict[str, str] = {}
    for name in WRITER.labels(rule.value):
        parts = WRITER.told([name])
        if name in known:
            found |= zip(parts, known[name].rsplit(":", len(parts) - 1), strict=True)
    return found


def filled(templates: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """Templates with their labels."""
    return {
        name: re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels.get(found[1], ""), text) for name, text in templates.items()
    }


def test_the_recorded_names_are_those_of_the_rules() -> None:
    """One value a rule, under its own name."""
    (group,) = YAML(typ="safe").load(rules_file())["groups"]
    assert [rule["record"] for rule in group["rules"] if "record" in rule] == [recorded(rule) for rule in written()]
