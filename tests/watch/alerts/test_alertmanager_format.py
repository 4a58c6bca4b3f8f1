"""The webhook's body is what receivers of Alertmanager's webhook read: every field of its version 4, with its type."""

from datetime import datetime
from typing import Any

import orjson
import pytest

from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import FiredAlert, Incident, Message
from prosepolish_core.watch.alerts.rules import BY_NAME
from prosepolish_core.watch.alerts.telling import body, words

BEGAN = 1_800_000_000.0
DOWN = FiredAlert("instance_down", (("instance", "cache"),), Level.CRITICAL, BEGAN, BEGAN + 30)
SLOW = FiredAlert("slow_redis", (("tier", "redis"),), Level.WARNING, BEGAN, BEGAN + 60, BEGAN + 90, 0.02, 0.03)
CACHE = Incident("20270115T080000Z-cache", "cache", Level.CRITICAL, BEGAN, None, (DOWN, SLOW))
STATE = Incident("20270115T080000Z-state", "state", Level.CRITICAL, BEGAN, BEGAN + 90, (DOWN,))
#: Alertmanager, "Configuration", webhook_config: the fields of its JSON.
TEXTS, MAPS = ("version", "groupKey", "status", "receiver", "externalURL"), ("groupLabels", "commonLabels", "commonAnnotations")


def sent(kind: str, incidents: tuple[Incident, ...]) -> dict[str, Any]:
    """The body as it arrives."""
    message = Message(f"key-{kind}", kind, tuple(i.id for i in incidents), Level.CRITICAL, BEGAN)
    link = "http://127.0.0.1:8501"
    told = words(message, incidents, BY_NAME, "", link, BEGAN + 120)
    arrived: dict[str, Any] = orjson.loads(orjson.dumps(body(message, incidents, BY_NAME, told, link)))
    return arrived


@pytest.mark.parametrize(
    ("kind", "incidents"), [("opened", (CACHE,)), ("resolved", (STATE,)), ("digest", (CACHE, STATE)), ("test", ())]
)
def test_every_message_has_the_fields_of_version_4(kind: str, incidents: tuple[Incident, ...]) -> None:
    """Texts are texts, labels map text to text, instants are RFC 3339, and there is always an alert to read."""
    found = sent(kind, incidents)
    assert found["version"] == "4"
    assert found["status"] == ("resolved" if kind == "resolved" else "firing")
    assert found["truncatedAlerts"] == 0
    assert all(isinstance(found[name], str) and found[name] for name in TEXTS)
    assert found["alerts"]
    for alert in found["alerts"]:
        assert alert["status"] in {"firing", "resolved"}
        assert alert["labels"]["alertname"]
        assert all(datetime.fromisoformat(alert[name]).tzinfo for name in ("startsAt", "endsAt"))
        assert (alert["endsAt"] == "0001-01-01T00:00:00Z") == (alert["status"] == "firing")
        assert len(alert["fingerprint"]) == 16
        assert alert["generatorURL"].startswith("http://127.0.0.1:8501")
    for texts in (
        *(found[name] for name in MAPS),
        *(alert[name] for alert in found["alerts"] for name in ("labels", "annotations")),
    ):
        assert all(isinstance(key, str) and isinstance(value, str) for key, value in texts.items())


def test_common_labels_are_those_of_all_alerts_and_group_labels_among_them() -> None:
    """A warning beside a critical alert has no severity in common with it; two causes are no group."""
    found = sent("opened", (CACHE,))
    assert found["commonLabels"] == {"incident": CACHE.id, "cause": "cache"}
    assert found["groupLabels"] == {"cause": "cache"}
    assert sent("digest", (CACHE, STATE))["groupLabels"] == {}
