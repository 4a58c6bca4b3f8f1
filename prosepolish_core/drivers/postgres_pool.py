"""A pool of PostgreSQL connections that always comes back:
callers wait within their deadline, and what is dead is dropped at once.

It has no thread of its own. Who finds no idle connection waits in a line; for each who waits, as far as there is room,
an attempt to connect begins beside them, so that a caller in a hurry neither cuts it short nor has to wait for it. An
attempt that fails tells everybody who waits. Decision 11 says why this is not psycopg_pool.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any, TypeVar

import psycopg
from psycopg.errors import CheckViolation as NoPartition
from psycopg.errors import ForeignKeyViolation as Gone
from psycopg.errors import UniqueViolation as Duplicate
from psycopg.pq import TransactionStatus

from ..errors import StoreOutcomeUnknown, StoreUnavailable
from ..forks import on_fork
from .postgres_connection import NEVER, DeadlineConnection, abandon, answers, settings
from .postgres_faults import AWAY, BUSY, CLOSED, GOOD_BYE, LATE, STALE, TAKES_NO_WRITES, TooLate, store_fault, store_faults
from .postgres_guard import guard_of
from .postgres_witness import witness_of

__all__ = ["Connection", "DatabaseFault", "Duplicate", "Gone", "NoPartition", "PostgresPool", "alone", "untouched"]


#: A connection as the store uses it; rows are plain tuples unless the caller asks otherwise.
Connection = psycopg.Connection[Any]
#: Any error the server or the driver reports.
DatabaseFault = psycopg.Error
#: Longest wait for a connection, and longest statement, unless the caller says otherwise.
WAIT_S = 1.0
STATEMENT_S = 5.0
#: For an attempt to connect that is older than this nobody waits any more who comes now; nor does it keep anybody from
#: another one.
ATTEMPT_S = 0.9
#: While the server is believed to be away, longest wait of the one caller for whom an attempt begins.
PROBE_S = 0.25
#: A connection that lay idle longer than this is asked for a sign of life, which it must give within this: the way to
#: the server may have been cut without a word, and the caller's own deadline is longer.
TRUST_S, TRIAL_S = 0.2, 0.5
#: Longest rollback of a caller who had no deadline left.
ROLLBACK_S = 1.0

T = TypeVar("T")
_Box = SimpleQueue["DeadlineConnection | StoreUnavailable"]


class PostgresPool:
    """At most `size` connections to one database. Opens nothing until the first use and never blocks start-up."""

    def __init__(
        self,
        url: str,
        *,
        size: int,
        role: str,
        statement_s: float = STATEMENT_S,
        autocommit: bool = False,
        prepare_threshold: int = 5,
        configure: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        self.role = role
        self._url, self._size, self._configure = url, size, configure
        self._settings = settings(url, role, statement_s) | {"autocommit": autocommit, "prepare_threshold": prepare_threshold}
        self._guard, self._witness = guard_of(url), witness_of(url)
        self._closed = False
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """As if just made: in a forked child the connections are the parent's."""
        abandon(getattr(self, "_open", ()))
        self._idle: list[DeadlineConnection] = []
        self._lock = threading.Lock()
        #: Who waits, in order; all connections, lent and idle; the attempts under way, with their beginning; losses so
        #: far.
        self._waiting: deque[_Box] = deque()
        self._open: set[DeadlineConnection] = set()
        self._attempts: dict[object, float] = {}
        self._epoch: int = getattr(self, "_epoch", 0) + 1

    @contextmanager
    def connection(self, wait_s: float = WAIT_S, within_s: float = NEVER) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on an error.

        Raises StoreUnavailable when no connection can be had within `wait_s`, the whole takes longer than `within_s`, a
        statement longer than the pool's `statement_s`, or the server fails or refuses: nothing was written then, unless
        it is StoreOutcomeUnknown (the reply to the commit was lost).
        """
        until = perf_counter() + within_s
        connection = self.borrow(min(perf_counter() + wait_s, until), trust_s=TRUST_S)
        connection.until = until
        with store_faults():
            try:
                yield connection
                _commit(connection)  # here, so that it keeps the deadline too
            except BaseException as error:
                self._undo(connection, error)
                raise
        connection.until = NEVER
        self.give_back(connection)

    def ask(self, question: Callable[..., T], *values: Any, within_s: float, repeats: bool = True) -> T:
        """`question(connection, *values)` on a connection in autocommit, within the deadline.

        When the connection turns out to have died while it lay idle the question `repeats` on another one. A question
        that must not be put twice is put only to a connection that has just answered.
        """
        until = perf_counter() + within_s
        while True:
            connection = self.borrow(until, trust_s=NEVER if repeats else 0.0)
            used = connection.lay_idle
            connection.until = until
            try:
                found = question(connection, *values)
            except BaseException as error:
                dead = self._undo(connection, error)
                if dead and used and repeats and perf_counter() < until:
                    continue
                if isinstance(error, psycopg.Error):
                    raise store_fault(error) from error
                raise
            self.give_back(connection)
            return found

    # --- one connection at a time ---

    def borrow(self, until: float, *, trust_s: float = NEVER) -> DeadlineConnection:
        """A connection, the one given back last; one that lay idle longer than `trust_s` must answer first.

        Raises StoreUnavailable.
        """
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._wait_for_one(until)
            if trust_s == NEVER or answers(connection, min(until, perf_counter() + TRIAL_S), trust_s):
                return connection
            self.discard(connection, others=True)

    def give_back(self, connection: DeadlineConnection) -> None:
        """The connection is free for the next one."""
        if connection.epoch != self._epoch:
            self.discard(connection)
            return
        connection.lay_idle, connection.since = True, perf_counter()
        self._idle.append(connection)
        if self._waiting:
            self._serve()

    def discard(self, connection: DeadlineConnection, *, others: bool = False) -> None:
        """The connection is of no more use. `others`: nor is any other one that was made before now."""
        lost = [connection]
        if others:
            self._epoch += 1
            with suppress(IndexError):
                while True:
                    lost.append(self._idle.pop())
        for each in lost:
            each.close()
        with self._lock:
            self._open.difference_update(lost)
            attempts = self._attempts_for_waiting()
        self._begin(attempts)

    def close(self) -> None:
        """Close every connection; the pool cannot be used afterwards."""
        self._closed = True
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection. Who uses the pool afterwards opens new ones."""
        with self._lock:
            self._attempts.clear()  # those under way find that nobody wants them any more
            self._tell(StoreUnavailable(*CLOSED))
            self._epoch += 1
        with suppress(IndexError):
            while True:
                self.discard(self._idle.pop())

    # --- inside ---

    def _wait_for_one(self, until: float) -> DeadlineConnection:
        box: _Box = SimpleQueue()
        with self._lock:
            if self._closed:
                raise StoreUnavailable(*CLOSED)
            self._waiting.append(box)
            attempts = self._attempts_for_waiting()
            if not self._open and not self._guard.closed:
                if not attempts:
                    self._waiting.remove(box)
                    raise self._guard.refusal()
                until = min(until, perf_counter() + PROBE_S)
        self._begin(attempts)
        self._serve()  # whoever gave one back a moment ago did not see us
        while True:
            try:
                found = box.get(timeout=max(0.0, min(until - perf_counter(), ATTEMPT_S)))
                break
            except Empty:
                with self._lock:
                    if box in self._waiting:
                        if perf_counter() >= until:
                            self._waiting.remove(box)
                            raise self._nobody_came() from None
                        attempts = self._attempts_for_waiting()  # in place of one that has had no answer for so long
                self._begin(attempts)
        if isinstance(found, StoreUnavailable):
            raise StoreUnavailable(found.reason, found.action, found.word) from found.__cause__
        return found

    def _nobody_came(self) -> StoreUnavailable:
        """What a caller is told whose time is up.

        Nobody else needs to wait for an attempt that has taken long already.
        """
        if self._open:
            return StoreUnavailable(*BUSY)
        began, now = max(self._attempts.values(), default=0.0), perf_counter()
        if began and now - began >= ATTEMPT_S:
            self._guard.failed(began, now, StoreUnavailable(*AWAY))
        return StoreUnavailable(*LATE)

    def _serve(self) -> None:
        """Hand idle connections to those who wait, in their order."""
        with self._lock, suppress(IndexError):
            while self._waiting:
                connection = self._idle.pop()
                self._waiting.popleft().put(connection)

    def _tell(self, fault: StoreUnavailable) -> None:
        while self._waiting:
            self._waiting.popleft().put(fault)

    def _attempts_for_waiting(self) -> list[object]:
        """An attempt for everybody who waits, as far as there is room and the guard permits. Under the lock."""
        now, begun = perf_counter(), list[object]()
        young = sum(now - began < ATTEMPT_S for began in self._attempts.values())
        while young < len(self._waiting) and len(self._open) + young < self._size and self._guard.may_connect(now):
            attempt = object()
            self._attempts[attempt] = now
            begun.append(attempt)
            young += 1
        return begun

    def _begin(self, attempts: list[object]) -> None:
        for attempt in attempts:
            try:
                threading.Thread(target=self._connect, args=(attempt,), name=f"connect-{self.role}", daemon=True).start()
            except RuntimeError:  # none can start while the interpreter exits
                self._connect(attempt)

    def _connect(self, attempt: object) -> None:
        """One attempt, in a thread of its own."""
        began = perf_counter()
        try:
            connection = DeadlineConnection.connect(self._url, **self._settings)
            connection.witness = self._witness
            self._configure(connection)
        except Exception as error:  # noqa: BLE001 - a host name or a certificate may fail in ways that are not the driver's
            fault = store_fault(error, connecting=True)
            fault.__cause__ = error
            self._guard.failed(began, began, fault)  # who has waited in vain has paused enough
            with self._lock:
                self._attempts.pop(attempt, None)
                if not self._open and not self._attempts:
                    self._tell(fault)
            return
        self._guard.connected(began)
        with self._lock:
            wanted = self._attempts.pop(attempt, None) is not None and len(self._open) < self._size
            if wanted:
                self._open.add(connection)
                connection.epoch = self._epoch
                if self._waiting:
                    self._waiting.popleft().put(connection)
                else:
                    connection.lay_idle, connection.since = True, perf_counter()
                    self._idle.append(connection)
            attempts = self._attempts_for_waiting()
        if not wanted:
            connection.close()
        self._begin(attempts)

    def _undo(self, connection: DeadlineConnection, error: BaseException) -> bool:
        """After an error: roll back and keep the connection, or let it go. True: it had died before we came."""
        state = getattr(error, "sqlstate", None) or ""
        # A server that takes no writes may have been the primary before: a new connection goes where the name leads
        # now.
        stale, dead = state in STALE, connection.closed or state.startswith(GOOD_BYE)
        astray = state == TAKES_NO_WRITES
        late = any(isinstance(each, TooLate) for each in (error, error.__cause__))
        if not (dead or late or stale or astray) and _rolled_back(connection):
            self.give_back(connection)
            return False
        # Those beside it have died with it; or they hang as it does, and a new connection will tell.
        self.discard(connection, others=dead or late or astray)
        return dead or stale


def _rolled_back(connection: DeadlineConnection) -> bool:
    """Whether the connection is as good as new: only one whose statement was answered can be."""
    connection.until = perf_counter() + ROLLBACK_S
    with suppress(psycopg.Error):
        if connection.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            connection.rollback()
    connection.until = NEVER
    return bool(connection.pgconn.transaction_status == TransactionStatus.IDLE)


def _commit(connection: Connection) -> None:
    try:
        connection.commit()
    except psycopg.OperationalError as error:
        if error.sqlstate and not error.sqlstate.startswith(GOOD_BYE):  # the server said that it has not
            raise
        raise StoreOutcomeUnknown("PostgreSQL was told to commit and did not say whether it has") from error


def untouched(connection: Connection) -> bool:
    """Whether nothing has been run on the connection since it was taken."""
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Run one statement outside a transaction, on an untouched connection."""
    connection.autocommit = True
    try:
        yield
    finally:
        if untouched(connection):  # else it is broken, and the pool lets it go
            connection.autocommit = False
