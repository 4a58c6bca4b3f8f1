"""Wake-ups: one subscription per process,
through which a lease's holder tells other processes that its value has landed.
"""

import threading
from collections import OrderedDict
from contextlib import suppress
from typing import Any

import redis

from ...forks import on_fork
from ...model.lease import Wake
from ...ports import Signal

CHANNEL = "prosepolish:fills"
#: Longest silence on the connection before the listener asks whether it still stands.
TICK_S = 0.5
#: Pause between two attempts to subscribe.
AGAIN_S = 0.25
#: Messages kept for somebody who asks a moment too late: the reply that names a lease may be overtaken by its message.
KEPT = 64
TOKEN = 16


class Wakeups:
    """The listener. Starts when somebody first has to wait; its thread ends with `close`."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child nobody listens, and the subscription is the parent's."""
        self._lock = threading.Lock()
        self._subscribed = threading.Event()
        self._closed = threading.Event()
        self._misled = False
        self._thread: threading.Thread | None = None
        self._waiting: dict[str, list[Signal]] = {}
        self._said: OrderedDict[str, Wake] = OrderedDict()

    def listen(self, timeout_s: float) -> bool:
        """Start if need be; True once subscribed."""
        if self._subscribed.is_set() and self._thread is not None and self._thread.is_alive():
            return True
        with self._lock:
            if not (self._thread and self._thread.is_alive()) and not self._closed.is_set():
                self._subscribed.clear()
                self._thread = threading.Thread(target=self._run, name="prosepolish-wakeups", daemon=True)
                self._thread.start()
        return timeout_s > 0 and self._subscribed.wait(timeout_s)

    def expect(self, token: str, signal: Signal) -> None:
        """Set the signal when a message for this token comes, or the connection was lost."""
        with self._lock:
            self._waiting.setdefault(token, []).append(signal)
            late = token in self._said or not self._subscribed.is_set()
        if late:
            signal.set()

    def heard(self, token: str) -> Wake | None:
        """The message for this token, if one came; nobody is signalled for it any more."""
        with self._lock:
            self._waiting.pop(token, None)
            return self._said.get(token)

    def connect_anew(self) -> None:
        """The subscription leads to a server that is gone, or the wrong one: subscribe again, by name."""
        self._misled = True

    def close(self) -> None:
        """End the thread; whoever waits is woken."""
        self._closed.set()
        self._lost()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._misled = False
            subscription: Any = self._client.pubsub()  # type: ignore[no-untyped-call]
            with suppress(Exception):  # whatever broke the subscription, the answer is to subscribe again
                subscription.subscribe(CHANNEL)
                self._hear(subscription)
            with suppress(Exception):  # it is being thrown away
                subscription.close()
            self._lost()
            self._closed.wait(AGAIN_S)

    def _hear(self, subscription: Any) -> None:
        """Until the connection is lost, misled,
        or as silent to a ping as one whose other end has vanished without a word.
        """
        pinged = False
        while not self._closed.is_set() and not self._misled:
            message = subscription.get_message(timeout=TICK_S)
            if message is not None:
                self._take(message)
            elif pinged:
                return
            else:
                subscription.ping()
            pinged = message is None

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._subscribed.set()
        elif message["type"] == "message" and isinstance(message["data"], bytes):
            token = message["data"][:TOKEN].decode("ascii", "replace")
            with self._lock:
                self._said[token] = Wake(message["data"][TOKEN:] or None)
                while len(self._said) > KEPT:
                    self._said.popitem(last=False)
                signals = self._waiting.pop(token, [])
            for signal in signals:
                signal.set()

    def _lost(self) -> None:
        """Messages may have been missed: everybody looks again."""
        self._subscribed.clear()
        with self._lock:
            signals = [signal for waiting in self._waiting.values() for signal in waiting]
            self._waiting.clear()
        for signal in signals:
            signal.set()
