"""Alerting in the collectors' process: runs are heard, rules looked at, incidents kept, people told.

It needs no store for that.

One process leads. A process that cannot ask PostgreSQL who leads goes on as it was; one that has just begun leads.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import structlog

from prosepolish_core.drivers import webhook
from prosepolish_core.errors import ProsePolishError
from prosepolish_core.model.sample import Run, RunOutcome, Sample
from prosepolish_core.watch.alerts import journal
from prosepolish_core.watch.alerts.desk import Desk
from prosepolish_core.watch.alerts.evaluator import AlertKey, Evaluator
from prosepolish_core.watch.alerts.instance_rules import RULE_FAILED
from prosepolish_core.watch.alerts.memory import KEPT_S, AlertMemory
from prosepolish_core.watch.alerts.muting import MutedNow
from prosepolish_core.watch.alerts.rule import Rule
from prosepolish_core.watch.alerts.rules_file import NAME, RulesFile
from prosepolish_core.watch.alerts.teller import Channel, attempt
from prosepolish_core.watch.alerts.telling import body, words

from .alert_facts import AlertFacts

#: Seconds between two looks at the rules, two looks at the outbox, and two heartbeats.
LOOK_S, OUTBOX_S, HEARTBEAT_S = 5.0, 1.0, 60.0
log = structlog.get_logger("collectors")


class Alerting:
    """Hears runs from any thread; looks and tells in two threads of its own until it is closed."""

    def __init__(
        self,
        rules: Sequence[Rule],
        file: RulesFile,
        facts: AlertFacts,
        channels: Sequence[Channel],
        path: Path,
        *,
        link: str = "",
        heartbeat_url: str = "",
        holds_state: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._rules = {rule.name: rule for rule in (*rules, RULE_FAILED)}
        self._file = file
        self._evaluator = Evaluator(rules, file.overrides)
        self._memory = AlertMemory.of(rule.value for rule in rules)
        self._facts, self._channels, self._path = facts, channels, path
        self._link, self._heartbeat_url, self._holds_state = link, heartbeat_url, holds_state
        self._desk = Desk(self._rules)
        self._lock = threading.Lock()  # of the desk and its journal
        self._heard: SimpleQueue[Sequence[Run]] = SimpleQueue()
        self._stop = threading.Event()
        loops: tuple[tuple[str, Callable[[], None], float], ...] = (
            ("alerts", self.look, LOOK_S),
            ("telling", self.tell, OUTBOX_S),
            *((("heartbeat", self._beat, HEARTBEAT_S),) if heartbeat_url else ()),
        )
        self._threads = [threading.Thread(target=self._repeat, args=loop, name=loop[0], daemon=True) for loop in loops]

    def start(self) -> None:
        """Take over what a former process left, and begin."""
        self.take_over()
        for thread in self._threads:
            thread.start()

    def take_over(self) -> None:
        """What a former process left: incidents that go on, messages that are not sent."""
        journal.load(self._path, self._desk)
        fired = [alert for incident in self._desk.incidents.values() for alert in incident.firing]
        self._evaluator.restore((AlertKey(alert.rule, alert.labels), alert.held) for alert in fired)

    def hear(self, runs: Sequence[Run]) -> None:
        """Runs that were just read. Never waits."""
        self._heard.put(runs)

    def close(self, within_s: float = 2.0) -> None:
        """Stop; what is not told yet is told by the next process."""
        self._stop.set()
        until = time.monotonic() + within_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def _repeat(self, name: str, work: Callable[[], None], every_s: float) -> None:
        while not self._stop.wait(every_s):
            try:
                work()
            except Exception:
                log.exception("alerting_failed", part=name)

    def look(self) -> None:
        """Hear what was read since the last time, look at every rule, and keep what changed."""
        now = self._clock()
        while True:
            try:
                self._memory.hear(self._heard.get_nowait())
            except Empty:
                break
        self._read_file()
        self._facts.refresh(self._memory, now)
        self._memory.forget_before(now - KEPT_S)
        if not self._facts.leads:
            return
        if self._holds_state:
            self._memory.hear([_holding(self._holds_state, now)])
        changes = [change for change in self._evaluator.look(self._memory, now) if self._rules[change.rule].tells]
        muting = MutedNow(
            self._facts.silences, self._file.overrides.quiet, self._evaluator.firing().keys(), datetime.fromtimestamp(now, UTC)
        )
        with self._lock:
            before = dict(self._desk.incidents)
            self._desk.take(changes, muting)
            self._desk.recheck(now, muting)
            self._desk.forget(now)
            touched = [i for i in self._desk.incidents.values() if before.get(i.id) is not i]
            if touched or len(before) != len(self._desk.incidents):
                journal.save(self._path, self._desk)
        self._facts.keep(touched)
        self._facts.show(self._evaluator.standings, now, changed=bool(changes))
        for change in changes:
            log.warning("alert", rule=change.rule, about=dict(change.labels), level=change.level.value, value=change.value)

    def _read_file(self) -> None:
        """What the file of changed rules says by now."""
        if not self._file.refresh():
            return
        self._evaluator.overrides = self._file.overrides
        self._evaluator.unusable = {NAME: self._file.failure} if self._file.failure else {}
        if self._file.failure:
            log.error("alert_rules_not_used", reason=self._file.failure)
        else:
            log.info("alert_rules_read")

    def tell(self) -> None:
        """Send every message that is due to whoever has not taken it."""
        now = self._clock()
        with self._lock:
            due = self._desk.due(now)
        for message in due:
            with self._lock:
                self._desk.begin(message.key)
                journal.save(self._path, self._desk)
                incidents = [self._desk.incidents[name] for name in message.incidents if name in self._desk.incidents]
            told = words(message, incidents, self._rules, self._facts.effect(incidents, self._memory, now), self._link, now)
            done = attempt(message, told, body(message, incidents, self._rules, told, self._link), self._channels)
            again_at = None if done.again_in_s is None else self._clock() + done.again_in_s
            with self._lock:
                noted = self._desk.settle(
                    message.key,
                    done.told_by,
                    again_at,
                    maybe_told=message.maybe_told or done.maybe_told,
                    failures=done.failures,
                    now=self._clock(),
                )
                journal.save(self._path, self._desk)
                waiting = len(self._desk.outbox)
            self._facts.keep(noted)
            self._facts.told({channel.name: done.failures.get(channel.name, "") for channel in self._channels}, waiting)
            for channel, reason in done.failures.items():
                log.error("not_told", channel=channel, message=message.key, reason=reason, attempts=message.attempts + 1)

    def _beat(self) -> None:
        try:
            webhook.beat(self._heartbeat_url)
        except ProsePolishError as error:
            log.warning("heartbeat_failed", reason=str(error))


def _holding(source: str, now: float) -> Run:
    """Which server holds sessions and limits: no server says so, the settings do."""
    at = datetime.fromtimestamp(now, UTC)
    return Run("settings", source, int(now), at, 0.0, RunOutcome.OK, (Sample("holds_state", 1.0),))
