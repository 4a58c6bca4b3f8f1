"""What this process counts, for a registry of prometheus_client in the service itself.

Same names and labels as on the dashboard's `/metrics`, which tells of all processes together: scrape one of the two, or
tell them apart by `job`. LLM calls and their cost are told there only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model.latency import BOUNDS_S, cumulative
from ...model.outcome import Outcome
from ..counts.recorder import BufferedRecorder
from ..counts.tally import Tally
from .family import Families
from .own_families import add_totals
from .totals import Totals

if TYPE_CHECKING:
    from prometheus_client import Metric


class PrometheusCollector:
    """`REGISTRY.register(PrometheusCollector(core.recorder))`, before the first call: it counts from then on.

    A scrape asks no server. Needs prosepolish[prometheus].
    """

    def __init__(self, recorder: BufferedRecorder) -> None:
        self._recorder = recorder
        self._lock = threading.Lock()
        self._counted = Tally()
        recorder.on_tally = self._add

    def describe(self) -> list[Metric]:
        """Nothing is known before it is counted; prometheus_client asks when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every count so far, those of a second ago included."""
        from prometheus_client import Metric

        self._recorder.collect()
        families = Families()
        add_totals(families, self._totals())
        for name, type_, help_, series in families.by_name():
            metric = Metric(name.removesuffix("_total"), help_ or name, type_)
            for full, labels, value in series:
                metric.add_sample(full, dict(labels), value)
            yield metric

    def _add(self, tally: Tally) -> None:
        with self._lock:
            self._counted.merge(tally)

    def _totals(self) -> Totals:
        totals = Totals()
        with self._lock:
            totals.events = dict(self._counted.events)
            timed: dict[tuple[str, str], list[tuple[list[int], float]]] = {}
            for (family, tier, outcome), counted in self._counted.lookups.items():
                totals.lookups[str(family), str(tier), str(outcome)] = (counted.steps, counted.answers, counted.sum_s)
                if outcome is not Outcome.REFUSED:  # it says how fast somebody said no, not how fast the tier works
                    timed.setdefault((str(family), str(tier)), []).append((counted.counts, counted.sum_s))
            for key, parts in timed.items():
                counts = [sum(numbers) for numbers in zip(*(part[0] for part in parts), strict=True)]
                totals.latency[key] = (BOUNDS_S, cumulative(counts), sum(part[1] for part in parts))
        return totals
