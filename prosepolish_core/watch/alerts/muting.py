"""What nobody wants to hear of now: silenced by people, in quiet times of the file, or explained by another alert."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...model.health import Level
from ...model.incident import FiredAlert
from .alert_store import Silence
from .evaluator import AlertKey
from .quiet import QuietTimes
from .rule import Rule


@dataclass(frozen=True, slots=True)
class MutedNow:
    """Implements watch.alerts.desk.Muting for one instant. `firing` are the alerts that fire."""

    silences: Sequence[Silence]
    quiet: QuietTimes
    firing: Collection[AlertKey]
    now: datetime

    def of_alert(self, rule: Rule, alert: FiredAlert) -> str:
        """See Muting."""
        instance = dict(alert.labels).get("instance", "")
        if rule.silenced_by and AlertKey(rule.silenced_by, (("instance", instance),)) in self.firing:
            return f"explained by {rule.silenced_by}"
        for silence in self.silences:
            if silence.covers(rule, alert, self.now):
                return f"silenced by {silence.author}: {silence.reason}"
        return self.quiet.mutes(alert, self.now)

    def of_end(self, level: Level) -> str:
        """See Muting. Only the night holds back good news; it is told in the morning."""
        return self.quiet.holds_back(level, self.now)
