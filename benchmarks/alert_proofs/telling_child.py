"""Alerting in a process that is killed at any moment: it watches one server, whose outages are a script.

It has no store. Its clock is that of the script, so that the pauses between attempts pass in seconds of ours.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from collectors.alert_facts import AlertFacts
from collectors.alerting import Alerting
from prosepolish_core.drivers.postgres_lease import AdvisoryLocks
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.rules import BY_NAME
from prosepolish_core.watch.alerts.rules_file import RulesFile
from prosepolish_core.watch.alerts.standing_store import StandingStore
from prosepolish_core.watch.alerts.teller import by_webhook
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.series.sample_store import SampleStore

#: The script begins at this instant, and a round is so many seconds of it.
BEGAN, ROUND_S = 1_800_000_000.0, 1.5
NOWHERE = "postgresql://nobody@127.0.0.1:9/none"
#: Fires at the first failed reading: what is proved here is the telling.
RULES = "[instance_down]\ncritical = { hold_min = 0, clear_min = 0 }\n"


class Outage(NamedTuple):
    """Of the watched server, in seconds of the script."""

    begins: float
    ends: float


def outages(seed: int) -> Iterator[Outage]:
    """One after the other, without end."""
    dice, at = random.Random(seed), 30.0
    while True:
        begins = at + dice.uniform(60.0, 420.0)
        at = begins + dice.uniform(60.0, 100.0)
        yield Outage(begins, at)


def work(folder: Path, webhook_url: str, script: list[Outage], first: float, beat: int) -> None:
    """Watch and tell until it is killed, or its parent is gone.

    Each round is a byte on `beat`, and ROUND_S of the script. So its time is not the machine's: a process that
    gets no processor misses nothing.
    """
    pool = PostgresPool(NOWHERE, size=1, role="proofs")
    alerts, samples, telemetry = AlertStore(pool), SampleStore(pool), PostgresTelemetry(pool)
    facts = AlertFacts(alerts, samples, telemetry, AdvisoryLocks(NOWHERE), frozenset, StandingStore(pool))
    watched, file, now = [BY_NAME["instance_down"]], RulesFile(folder / "rules.toml", BY_NAME), first
    channels = [by_webhook(webhook_url, "s3cret")]
    alerting = Alerting(watched, file, facts, channels, folder / "alerts.json", clock=lambda: now)
    alerting.take_over()
    parent = os.getppid()
    while os.getppid() == parent:  # nobody is left behind
        now += ROUND_S
        away = any(one.begins <= now - BEGAN < one.ends for one in script)
        outcome = RunOutcome.ERROR if away else RunOutcome.OK
        alerting.hear([Run("redis_info", "cache", int(now), datetime.fromtimestamp(now, UTC), 0.0, outcome)])
        alerting.look()
        alerting.tell()
        os.write(beat, b".")


def start(folder: Path, webhook_url: str, script: list[Outage], first: float, beat: int) -> int:
    """The same in a child; its number."""
    pid = os.fork()
    if not pid:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        try:
            work(folder, webhook_url, script, first, beat)
        finally:
            os._exit(70)
    return pid
