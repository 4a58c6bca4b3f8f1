"""Attribution: which key family's keys are missed, expired and evicted, from keyspace events;
opt-in, and never a burden.

A thread of its own listens; the collector `redis_keyevents` gives what it counted. When more events come than the cap,
it hangs up, rests, and lets the last second stand for the rest (`attributed_rested_seconds` says that this is a
sample); a lost connection is a gap: those seconds are in neither count.
"""

import threading
import time
from collections import Counter
from itertools import product

from prosepolish_core.errors import NoAnswer, SourceRefused, SourceUnavailable
from prosepolish_core.model.sample import Kind, Sample
from prosepolish_core.watch.redis_info import acl
from prosepolish_core.watch.redis_info.census import NAMES, UNKNOWN, family_of
from prosepolish_core.watch.redis_info.redis_listener import Listener, listen
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.redis_info.refusals import FIRST_REST_S
from prosepolish_core.watch.redis_info.settings import answered

from .reading import ObservedServer, ScheduledRead, SourceReply

NAME = "redis_keyevents"
C = Kind.COUNTER
#: Events we count; `keymiss` needs the letter m, `expired` x and `evicted` e in notify-keyspace-events, all with E.
EVENTS = acl.EVENTS
LETTERS = {"keymiss": "m", "expired": "x", "evicted": "e"}
FAMILIES = (*sorted(NAMES.values()), UNKNOWN)
#: Over this many events a second we listen one second in `RESTS`.
CAP_PER_S, RESTS = 5000, 10
#: Pause before listening is tried again after a lost connection.
RETRY_S = 1.0
NOT_PERMITTED = "no_permission"
SETTING = "notify-keyspace-events"
OFF = Sample("attributed_listening", 0.0)


class Counts:
    """What one instance's events came to since we began, and for how much of the time we heard them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.heard: Counter[tuple[str, str]] = Counter()
        self.estimated: dict[tuple[str, str], float] = {}
        self.gaps = 0
        self.heard_s = 0.0
        self.rested_s = 0.0
        self.lost_s = 0.0

    def listened(self, found: Counter[tuple[str, str]], seconds: float) -> None:
        """These events were heard in these seconds."""
        with self.lock:
            self.heard.update(found)
            self.heard_s += seconds
            self._estimate(found, 1.0)

    def rested(self, before: Counter[tuple[str, str]], listened_s: float, seconds: float) -> None:
        """Nobody listened for these seconds; what was heard just before stands for them."""
        with self.lock:
            self.rested_s += seconds
            self._estimate(before, seconds / listened_s if listened_s else 0.0)

    def lost(self, seconds: float, gaps: int) -> None:
        """The connection was away for these seconds: what happened then is not known."""
        with self.lock:
            self.lost_s += seconds
            self.gaps += gaps

    def _estimate(self, found: Counter[tuple[str, str]], times: float) -> None:
        for what, number in found.items():
            self.estimated[what] = self.estimated.get(what, 0.0) + number * times


class Ear(threading.Thread):
    """Listens to one instance until stopped."""

    def __init__(self, observer: Observer) -> None:
        super().__init__(name="keyevents", daemon=True)
        self.counts = Counts()
        self._observer = observer
        self._over = threading.Event()
        self._left = threading.Event()
        self.refused_at: float | None = None

    def stop(self) -> None:
        """Hang up within a second."""
        self._over.set()

    def leave(self) -> None:
        """Hang up within a second, and listen anew."""
        self._left.set()

    def run(self) -> None:
        """Listen, and listen again after every lost connection; each loss is a gap. Without the right to, it ends."""
        lost_at: float | None = None
        while not self._over.is_set():
            try:
                with listen(self._observer, NAME, [f"__keyevent@*__:{event}" for event in EVENTS]) as listener:
                    if lost_at is not None:
                        self.counts.lost(time.monotonic() - lost_at, 0)
                        lost_at = None
                    self._listen(listener)
            except (SourceUnavailable, NoAnswer) as error:
                if isinstance(error, NoAnswer) and error.reason == NOT_PERMITTED:
                    self.refused_at = time.monotonic()
                    return
                now = time.monotonic()
                self.counts.lost(0.0 if lost_at is None else now - lost_at, 1 if lost_at is None else 0)
                lost_at = now
                self._over.wait(RETRY_S)

    def _listen(self, listener: Listener) -> None:
        self._left.clear()
        while not (self._over.is_set() or self._left.is_set()):
            began = time.monotonic()
            heard = listener.collect(1.0)
            found = Counter((channel.rpartition(":")[2], family_of(key)) for channel, key in heard)
            listened_s = time.monotonic() - began
            self.counts.listened(found, listened_s)
            if len(heard) > CAP_PER_S * max(1.0, listened_s):
                listener.close()
                resting = time.monotonic()
                self._over.wait(RESTS - 1)
                self.counts.rested(found, listened_s, time.monotonic() - resting)
                return


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """What was counted since we began. Without the server's setting there is nothing to hear, and that is said."""
    heard, detail = _announced(instance, entry)
    ear: Ear | None = instance.memory.get(NAME)
    if heard == ():
        if ear:
            ear.stop()
            del instance.memory[NAME]
        return SourceReply((OFF,))
    if ear is None or not (ear.is_alive() or _rests(ear)):
        ear = instance.memory[NAME] = Ear(instance.observer)
        ear.start()
    if ear.refused_at is not None:
        return SourceReply((OFF,), detail=f"psubscribe={NOT_PERMITTED}")
    if heard is None and not ear.counts.heard:  # a server that tells nothing looks just like one where nothing happens
        return SourceReply((OFF,), detail=detail)
    return SourceReply(_samples(ear.counts), detail="" if heard is None or len(heard) == len(EVENTS) else f"only {','.join(heard)}")


def _announced(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> tuple[tuple[str, ...] | None, str]:
    """Which events the server tells by its setting, asked for or exported;
    None where that is not known, and why not.
    """
    detail = ""
    try:
        told = answered([instance.observer.ask(NAME, "CONFIG", "GET", SETTING, timeout_s=entry.timeout_s)])
    except SourceRefused as error:
        told, detail = instance.exported(), error.told
    if SETTING not in told:
        return (None, detail) if detail else ((), "")
    flags = told[SETTING]
    return tuple(e for e in EVENTS if "E" in flags and (LETTERS[e] in flags or (e != "keymiss" and "A" in flags))), detail


def _rests(ear: Ear) -> bool:
    """Whether we were not permitted to listen, not long ago."""
    return ear.refused_at is not None and time.monotonic() - ear.refused_at < FIRST_REST_S


def _samples(counts: Counts) -> tuple[Sample, ...]:
    with counts.lock:
        events, estimated, gaps = dict(counts.heard), dict(counts.estimated), counts.gaps
        heard_s, rested_s, lost_s = counts.heard_s, counts.rested_s, counts.lost_s
    elapsed_s = heard_s + rested_s + lost_s
    found = []
    for event, family in product(EVENTS, FAMILIES):  # every one from the start: the first event of a late series would be lost
        labels = (("event", event), ("family", family))
        found.append(Sample("attributed_events", float(events.get((event, family), 0)), C, labels=labels))
        found.append(Sample("attributed_estimate", estimated.get((event, family), 0.0), C, labels=labels))
    return (
        *found,
        Sample("attributed_listening", 1.0),
        Sample("attributed_gaps", float(gaps), C),
        Sample("attributed_heard_seconds", heard_s, C, "seconds"),
        Sample("attributed_rested_seconds", rested_s, C, "seconds"),
        Sample("attributed_lost_seconds", lost_s, C, "seconds"),
        Sample("attributed_share", heard_s / elapsed_s if elapsed_s else 1.0, unit="ratio"),
    )
