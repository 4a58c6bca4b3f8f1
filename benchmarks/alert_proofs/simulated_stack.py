"""The collectors' alerting, whole, in simulated time over a real store: it hears simulated readings and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from collectors.alert_facts import AlertFacts
from collectors.alerting import Alerting
from demo.history.counts import counted
from demo.history.courses import streams
from demo.history.faults import WorldFault
from demo.history.knobs import world
from demo.history.runs import runs_at
from demo.history.telemetry_copy import copy_buckets
from prosepolish_core.drivers.postgres_lease import AdvisoryLocks
from prosepolish_core.drivers.postgres_pool import NEVER, WAIT_S, Connection, PostgresPool
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.rules import BY_NAME, RULES
from prosepolish_core.watch.alerts.rules_file import RulesFile
from prosepolish_core.watch.alerts.standing_store import StandingStore
from prosepolish_core.watch.alerts.teller import Channel
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.series.sample_store import SampleStore

#: Seconds between two readings, and between two looks around a fault, as the collectors have them.
STEP_S = 5.0
#: Where nothing is broken for a while the rules are looked at less often, to save time.
DULL_S = 30.0
BUCKET_S = 10
#: The first hour is heard and not looked at: rules look back so far.
HEARD_S = 3900.0


class GatedPool(PostgresPool):
    """A store that is away while the simulated one is."""

    def __init__(self, url: str, there: Callable[[], bool]) -> None:
        super().__init__(url, size=4, role="proofs")
        self._there = there

    @contextmanager
    def connection(self, wait_s: float = WAIT_S, within_s: float = NEVER) -> Iterator[Connection]:
        """See PostgresPool."""
        if not self._there():
            raise StoreUnavailable("it is away")
        with super().connection(wait_s, within_s) as connection:
            yield connection


class SimulatedStack:
    """One world and its faults, told to the channels given."""

    def __init__(
        self,
        url: str,
        begins: float,
        ends: float,
        faults: Sequence[WorldFault],
        seed: int,
        channels: Sequence[Channel],
        folder: Path,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.at = np.arange(begins, ends, STEP_S)
        knobs = world(self.at, rng)
        for fault in faults:
            fault.turn(knobs)
        self._faults = faults
        self._streams, self._counts = list(streams(knobs)), counted(knobs, rng)
        self._store_there = knobs.postgres & knobs.writes
        self._place = 0
        self.pool = GatedPool(url, lambda: self.there)
        self.alerts, self.standings = AlertStore(self.pool), StandingStore(self.pool)
        sources = frozenset(stream.source for stream in self._streams)
        self._locks = AdvisoryLocks(url)
        facts = AlertFacts(
            self.alerts,
            SampleStore(self.pool),
            PostgresTelemetry(self.pool),
            self._locks,
            lambda: sources,
            self.standings,
            counted_from=begins,
        )
        self.alerting = Alerting(
            RULES, RulesFile(None, BY_NAME), facts, channels, folder / "alerts.json", holds_state="state", clock=lambda: self.now
        )

    @property
    def now(self) -> float:
        """The simulated instant."""
        return float(self.at[self._place])

    @property
    def there(self) -> bool:
        """Whether the simulated store answers and takes writes."""
        return bool(self._store_there[self._place])

    def close(self) -> None:
        """Hang up."""
        self.pool.close()
        self._locks.close()

    def looks(self, around_s: float, heard_s: float = HEARD_S) -> Iterator[float]:
        """Each instant at which the rules were looked at.

        As often as the collectors do from a minute before a fault until so long after it, else less often.
        """
        self._place = int(np.argmax(self._store_there))
        with self.pool.connection(30.0) as connection:
            connection.execute("SET LOCAL statement_timeout = '120s'")
            copy_buckets(connection, self.at, self._counts, BUCKET_S)
        near = np.zeros(len(self.at), dtype=bool)
        for fault in self._faults:
            near |= (self.at >= fault.begins - 60.0) & (self.at <= fault.ends + around_s)
        for place, now in enumerate(self.at.tolist()):
            self._place = place
            self.alerting.hear(list(runs_at(self._streams, now, self._place)))
            if now >= self.at[0] + heard_s and (near[self._place] or now % DULL_S < STEP_S):
                self.alerting.look()
                self.alerting.tell()
                yield now
