"""Wiring: what one collector process is made of, built from the configuration; nothing is opened until first used."""

import threading
from collections.abc import Callable
from functools import partial

import structlog

from prosepolish_core.calc.expression_reads import long_ago
from prosepolish_core.config import Config
from prosepolish_core.drivers.postgres_lease import AdvisoryLocks
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.ports import RunWriter
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.memory import KEPT_S
from prosepolish_core.watch.alerts.rules import BY_NAME, RULES
from prosepolish_core.watch.alerts.rules_file import RulesFile
from prosepolish_core.watch.alerts.standing_store import StandingStore
from prosepolish_core.watch.alerts.teller import channels_of
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.retention import Kept
from prosepolish_core.watch.series.sample_store import SampleStore
from prosepolish_core.watch.series.slow_commands import SlowCommands

from .alert_facts import AlertFacts
from .alerting import Alerting
from .exported_settings import exported
from .lease import Leases
from .reading import Database, ObservedServer
from .run_keeper import RunKeeper
from .runner import HEAR_S, Runner
from .schema_upkeep import SchemaUpkeep
from .spool import Spool
from .writing import RunParts

POSTGRES_SOURCE = "postgres"
log = structlog.get_logger("collectors")


class CollectorParts:
    """The parts of one process."""

    def __init__(self, config: Config, base_s: float) -> None:
        self.base_s = base_s
        self._config = config
        self._url = config.database_url.get_secret_value()
        self.instances = [
            ObservedServer(name, Observer(url.get_secret_value()), exported=partial(exported, config.redis_settings, name))
            for name, url in config.targets().items()
        ]
        self.pool = PostgresPool(self._url, size=config.database_pool_size, role="collectors")
        self.databases = [Database(POSTGRES_SOURCE, self.pool, _kept(config))]
        self.store: RunWriter = RunParts(SampleStore(self.pool), SlowCommands(self.pool))

    def run(self, stop: threading.Event) -> bool:
        """Run the schedule until `stop` is set. False when something hangs that nobody should wait for.

        Raises StartupError when the spool's folder cannot be used.
        """
        spool = Spool(self._config.data_dir / "spool")
        schema = SchemaUpkeep(self._url, stop)
        while not schema.tried.wait(HEAR_S):
            if stop.is_set():
                return False
        sources = [*(i.source for i in self.instances), *(d.source for d in self.databases)]
        leases = Leases(AdvisoryLocks(self._url), sources)
        alerting = self._alerting(lambda: leases.held)
        runner = Runner(self.instances, self.databases, RunKeeper(self.store, spool), leases, self.base_s, alerting.hear)
        log.info("started", sources=sources, interval_s=self.base_s)
        alerting.start()
        ended = False
        try:
            ended = runner.run(stop, lambda held: log.info("leases", held=sorted(held)))
        finally:
            alerting.close()
            spool.close()
            if ended:
                self.close()
            log.info("stopped", ended=ended)
        return ended

    def _alerting(self, held: Callable[[], frozenset[str]]) -> Alerting:
        config = self._config
        alerts, samples, telemetry = AlertStore(self.pool), SampleStore(self.pool), PostgresTelemetry(self.pool)
        compared = max((found for rule in RULES if (found := long_ago(rule.value, KEPT_S))), default=None)
        facts = AlertFacts(alerts, samples, telemetry, AdvisoryLocks(self._url), held, StandingStore(self.pool), compared)
        return Alerting(
            RULES,
            RulesFile(config.alert_rules, BY_NAME),
            facts,
            channels_of(config),
            config.data_dir / "alerts.json",
            link=config.dashboard_url,
            holds_state="cache" if config.state_is_shared else "state",
            heartbeat_url=config.heartbeat_url.get_secret_value() if config.heartbeat_url else "",
        )

    def close(self) -> None:
        """Hang up everywhere."""
        for instance in self.instances:
            instance.observer.close()
        self.pool.close()


def _kept(config: Config) -> Kept:
    return Kept(config.keep_raw_days, config.keep_minutes_days, config.keep_hours_days)
