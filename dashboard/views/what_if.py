"""What-if: today's setting and another one played on the recorded trace, and predictions beside what came."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prosepolish_core.calc.whatif.forecast import knee
from prosepolish_core.calc.whatif.near_misses import NearMisses
from prosepolish_core.calc.whatif.sentence import sentences
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.whatif import CurvePoint, ScenarioChange, WhatIfPlan
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader
from prosepolish_core.watch.planning.planner import Planner, Situation, plan
from prosepolish_core.watch.planning.predictions import LookedBack, kept, look_back

#: Predictions are looked back at for so long.
REMEMBERED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class WhatIfView:
    """A plan, its sentences, and the knee of each curve."""

    change: ScenarioChange
    plan: WhatIfPlan
    sentences: tuple[str, ...]
    ttl_knee: CurvePoint | None
    memory_knee: CurvePoint | None
    near: NearMisses


def situation(samples: SampleReader, telemetry: TelemetryReader) -> Situation:
    """Read the trace. Raises TraceTooShort, StoreUnavailable."""
    return Planner(samples, telemetry).situation()


def build(found: Situation, change: ScenarioChange) -> WhatIfView:
    """Play the change. Raises InvalidInput, TraceTooShort."""
    made = plan(found, change)
    return WhatIfView(change, made, tuple(sentences(made)), knee(made.by_ttl), knee(made.by_memory), found.near)


def history(pool: PostgresPool, samples: SampleReader, telemetry: TelemetryReader) -> list[LookedBack]:
    """Predictions that were kept beside what came. Raises StoreUnavailable."""
    now = datetime.now(UTC)
    marks = samples.marks(Window(now - REMEMBERED, now))
    return look_back(kept(pool), marks, telemetry, now)
