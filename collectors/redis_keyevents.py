"""Attribution: which key family's keys are missed, expired and evicted, from keyspace events; opt-in, and never a burden.

A thread of its own listens; the collector `redis_keyevents` gives what it counted. When more events come than the cap, it
hangs up and listens only a share of the time (the sampling is said in `attributed_share`); a lost connection is a gap.
"""

import threading
import time
from collections import Counter

from prosepolish_core.adapters.redis_listener import Listener, listen
from prosepolish_core.adapters.redis_observer import Observer
from prosepolish_core.errors import SourceRefused, SourceUnavailable
from prosepolish_core.model.sample import Kind, Sample
from prosepolish_core.redis_info.census import family_of

from .reading import Entry, Found, Instance

NAME = "redis_keyevents"
C = Kind.COUNTER
#: Events we count; `keymiss` needs the letter m, `expired` x and `evicted` e in notify-keyspace-events, all with E.
EVENTS = ("keymiss", "expired", "evicted")
LETTERS = {"keymiss": "m", "expired": "x", "evicted": "e"}
#: Over this many events a second we listen one second in `RESTS`.
CAP_PER_S, RESTS = 5000, 10
RETRY_S = 5.0


class Counts:
    """What one instance's events came to since we began, and for how much of the time we heard them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.events: Counter[tuple[str, str]] = Counter()
        self.gaps = 0
        self.heard_s = 0.0
        self.elapsed_s = 0.0
        self.sampling = False


class Ear(threading.Thread):
    """Listens to one instance until stopped."""

    def __init__(self, observer: Observer) -> None:
        super().__init__(name="keyevents", daemon=True)
        self.counts = Counts()
        self._observer = observer
        self._over = threading.Event()

    def stop(self) -> None:
        """Hang up within a second."""
        self._over.set()

    def run(self) -> None:
        """Listen, and listen again after every lost connection; each loss is a gap."""
        while not self._over.is_set():
            try:
                with listen(self._observer, [f"__keyevent@*__:{event}" for event in EVENTS]) as listener:
                    self._listen(listener)
            except (SourceUnavailable, SourceRefused):
                with self.counts.lock:
                    self.counts.gaps += 1
                self._count_time(RETRY_S, heard=False)
                self._over.wait(RETRY_S)

    def _listen(self, listener: Listener) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            heard = listener.collect(1.0)
            found = Counter((channel.rpartition(":")[2], family_of(key)) for channel, key in heard)
            with self.counts.lock:
                self.counts.events.update(found)
                self.counts.sampling = len(heard) > CAP_PER_S
            self._count_time(time.monotonic() - began, heard=True)
            if len(heard) > CAP_PER_S:
                listener.close()
                self._over.wait(RESTS - 1)
                self._count_time(RESTS - 1.0, heard=False)
                return

    def _count_time(self, seconds: float, *, heard: bool) -> None:
        with self.counts.lock:
            self.counts.elapsed_s += seconds
            self.counts.heard_s += seconds if heard else 0.0


def read(instance: Instance, entry: Entry[Instance]) -> Found:
    """What was counted since we began. Without the server's setting there is nothing to hear, and that is said."""
    said = instance.observer.ask(NAME, "CONFIG", "GET", "notify-keyspace-events", timeout_s=entry.timeout_s)
    flags = _value(said)
    heard = [event for event in EVENTS if "E" in flags and (LETTERS[event] in flags or (event != "keymiss" and "A" in flags))]
    ear: Ear | None = instance.memory.get(NAME)
    if not heard:
        if ear:
            ear.stop()
            del instance.memory[NAME]
        return Found((Sample("attributed_listening", 0.0),))
    if ear is None or not ear.is_alive():
        ear = instance.memory[NAME] = Ear(instance.observer)
        ear.start()
    counts = ear.counts
    with counts.lock:
        events, gaps = dict(counts.events), counts.gaps
        share = counts.heard_s / counts.elapsed_s if counts.elapsed_s else 1.0
    samples = [
        Sample("attributed_events", float(number), C, labels=(("event", event), ("family", family)))
        for (event, family), number in sorted(events.items())
    ]
    samples += [
        Sample("attributed_listening", 1.0),
        Sample("attributed_gaps", float(gaps), C),
        Sample("attributed_share", share, unit="ratio"),
    ]
    return Found(tuple(samples), detail="" if len(heard) == len(EVENTS) else f"only {','.join(heard)}")


def _value(said: object) -> str:
    if isinstance(said, dict):
        return next((v.decode() for v in said.values() if isinstance(v, bytes)), "")
    return said[1].decode() if isinstance(said, list) and len(said) > 1 and isinstance(said[1], bytes) else ""
