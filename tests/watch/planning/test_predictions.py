"""A kept prediction is set beside what came: from an hour after the mark on, and as long a time before."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from dashboard.sections.what_if import looked_back
from prosepolish_core.model.counts import LedgerTotal
from prosepolish_core.model.series import Mark
from prosepolish_core.model.whatif import Banded
from prosepolish_core.model.window import Window
from prosepolish_core.watch.planning.predictions import Prediction, look_back
from tests.dashboard.rows import NOW, Telemetry, asked, at, ledger

KEPT = Prediction(at(48 * 3600), "llm=72h", {"llm": Banded(0.38, 0.36, 0.40)}, Banded(1.1, 0.8, 1.4))
CHANGED = Mark(at(25 * 3600), "deploy", "llm 72h")


@dataclass
class Days(Telemetry):
    """Rows of the ledger by their time."""

    def ledger(self, window: Window, points: int = 1) -> list[LedgerTotal]:
        return [row for row in self.rows if window.start <= row.ts < window.end]


TELEMETRY = Days(
    counts=[
        asked("redis", "hit", 31, ago=30 * 3600, family="llm"),
        asked("gemini", "hit", 69, ago=30 * 3600, family="llm"),
        asked("redis", "hit", 39, ago=3600, family="llm"),
        asked("gemini", "hit", 61, ago=3600, family="llm"),
    ],
    rows=[ledger("paid", 69, "0.069", ago=30 * 3600), ledger("paid", 61, "0.030", ago=3600)],
)


def test_what_was_predicted_stands_beside_what_came() -> None:
    """31 % before, 38 % predicted, 39 % came; and by how much less was paid."""
    (back,) = look_back([KEPT], [CHANGED], TELEMETRY, NOW)
    assert back.window == Window(CHANGED.ts + timedelta(hours=1), NOW)
    assert (back.before["llm"], back.came["llm"]) == (0.31, 0.39)
    assert back.saved_usd == pytest.approx(Decimal("0.039") * 30)
    hits, money = looked_back(back)
    assert (hits["before"], hits["came"], hits["within the bounds"]) == ("31.0 %", "39.0 %", "yes")
    assert (money["came"], money["within the bounds"]) == ("$1.17", "yes")


def test_before_the_change_nothing_has_come() -> None:
    """No mark yet, or none that is old enough: dashes and why."""
    for marks, why in (([], "no mark of a change yet"), ([Mark(at(60), "deploy", "x")], "too early to tell")):
        (back,) = look_back([KEPT], marks, TELEMETRY, NOW)
        hits, money = looked_back(back)
        assert (hits["came"], hits["within the bounds"], money["came"], hits["counted"]) == ("–", "–", "–", why)
