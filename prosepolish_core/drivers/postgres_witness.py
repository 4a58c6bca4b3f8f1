"""Whether PostgreSQL still works for a connection that is silent: the server itself is asked, on another connection.

A way that swallows packets tells neither side. Who waits for a reply on such a connection would wait until its
deadline, although the server is well and has nothing to do for it. Decision 11 says what is asked and what is believed.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from weakref import WeakValueDictionary

from ..forks import on_fork
from .postgres_connection import DeadlineConnection, settings

#: Pause between two looks while somebody is in doubt; longest wait for the answer of one.
EVERY_S, LOOK_S = 0.5, 0.5
#: A session that the server has called idle for this long has nothing to say: a reply under way would have come.
_SESSIONS = """
SELECT pid, state LIKE 'idle%%' AND clock_timestamp() - state_change > interval '0.25 s'
FROM pg_stat_activity WHERE pid = ANY(%s)"""


class Doubt:
    """One connection that waits for a reply. `lost`: none will come."""

    def __init__(self, session: int) -> None:
        self.session = session
        self.lost = False


class Witness:
    """Looks at the sessions of one server in doubt, all of them in one look.

    Each look connects anew, in a thread of its own: one that gets no answer keeps nobody from the next one.
    """

    def __init__(self, url: str) -> None:
        self._url, self._settings = url, settings(url, "witness", LOOK_S) | {"autocommit": True}
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """As if nobody were in doubt: another thread of the parent may have held the lock."""
        self._lock = threading.Lock()
        self._doubts: set[Doubt] = set()
        self._next = 0.0

    @contextmanager
    def doubting(self, session: int) -> Iterator[Doubt]:
        """As long as this goes on the session is looked at with the others."""
        doubt = Doubt(session)
        with self._lock:
            self._doubts.add(doubt)
        try:
            yield doubt
        finally:
            with self._lock:
                self._doubts.discard(doubt)

    def look(self) -> None:
        """Begin a look, unless one began a moment ago."""
        with self._lock:
            if (now := perf_counter()) < self._next:
                return
            self._next = now + EVERY_S
            doubts = list(self._doubts)
        threading.Thread(target=self._ask, args=(doubts,), name="postgres-witness", daemon=True).start()

    def _ask(self, doubts: list[Doubt]) -> None:
        """Who is neither known to the server nor at work there is lost. Without an answer nothing is known."""
        try:
            with DeadlineConnection.connect(self._url, **self._settings) as connection:
                connection.until = perf_counter() + LOOK_S
                own = connection.info.backend_pid
                if connection.execute("SELECT pg_backend_pid()").fetchone() != (own,):
                    return  # a pooler stands between: the numbers it gives its clients are not the server's
                found: dict[int, Any] = dict(connection.execute(_SESSIONS, ([doubt.session for doubt in doubts],)).fetchall())
        except Exception:  # noqa: BLE001 - whatever keeps us from asking is no verdict
            return
        for doubt in doubts:
            doubt.lost = doubt.lost or bool(found.get(doubt.session, True))


_WITNESSES: "WeakValueDictionary[str, Witness]" = WeakValueDictionary()


def witness_of(url: str) -> Witness:
    """The witness of the server at this address."""
    return _WITNESSES.setdefault(url, Witness(url))
