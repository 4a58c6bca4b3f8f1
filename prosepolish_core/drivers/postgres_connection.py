"""The one kind of PostgreSQL connection: it keeps the caller's deadline itself, whatever the server does."""

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from select import POLLIN, poll
from socket import socketpair
from time import perf_counter
from typing import Any, Protocol

import psycopg
from psycopg.waiting import Ready

from ..addresses.postgres_address import options_in
from .postgres_faults import TooLate, store_fault

#: Longest wait for one reply where nobody sets less: a server that has been stopped (SIGSTOP) keeps no deadline of its
#: own.
REPLY_S = 6.0
#: Longest attempt to connect; the driver knows no shorter one.
CONNECT_S = 2
#: A migration may rewrite tables; nothing waits for ever all the same, least of all for another one's lock.
MIGRATION_S, LOCK_S = 600.0, 300
NEVER = float("inf")
#: After this long without a word from the server its witness is asked; and how often we look at what was found out.
DOUBT_S, SLICE_S = 0.5, 0.1

#: The driver's own word for a wait whose time is over.
_Silence = psycopg.errors._WaitTimeout  # noqa: SLF001 - named in the driver's documentation of `wait`

#: Connections that belong to the parent of this process. They are kept, so that nothing ever finishes them.
_PARENTS: list[object] = []


class _Doubt(Protocol):
    lost: bool


class _Witness(Protocol):
    def doubting(self, session: int) -> AbstractContextManager[_Doubt]: ...

    def look(self) -> None: ...


class DeadlineConnection(psycopg.Connection[Any]):
    """Waits for one reply no longer than `reply_s`, for nothing beyond the instant `until`,
    and for nothing that will not come.
    """

    until = NEVER
    reply_s = REPLY_S
    #: Whether it lay idle before it was lent, so that the server may have ended it meanwhile.
    lay_idle = False
    #: When it was given back.
    since = 0.0
    #: The pool's count of losses when it was made.
    epoch = 0
    #: What its user keeps with it, such as a prepared statement.
    kept: Any = None
    #: Whom we ask when the server is silent; without one every wait lasts until its deadline.
    witness: _Witness | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server. At the deadline TooLate, and the connection is of no more use."""
        left = max(min(self.reply_s if timeout is None else timeout, self.until - perf_counter()), 0.001)
        end = perf_counter() + left
        if self.witness is None or left <= DOUBT_S:
            return self._wait(gen, interval, left)
        with suppress(TooLate):
            return self._wait(gen, interval, DOUBT_S)
        with self.witness.doubting(self.pgconn.backend_pid) as doubt:
            while True:
                self.witness.look()
                lost, left = doubt.lost, min(SLICE_S, end - perf_counter())
                try:
                    return self._wait(_resumed(gen), max(left, 0.001), max(left, 0.001))
                except TooLate:
                    if lost:  # and nothing came since
                        self.close()
                        raise psycopg.OperationalError("the server has nothing to do for this connection") from None
                    if perf_counter() >= end:
                        raise

    def _wait(self, gen: Any, interval: float, seconds: float) -> Any:
        try:
            return super().wait(gen, min(interval, seconds), seconds)
        except _Silence as error:
            raise TooLate("no reply in time") from error


def _resumed(gen: Any) -> Generator[Any, Any, Any]:
    """A wait of the driver goes on where its time was over: it is told that nothing has come, and not begun anew."""
    try:
        state = gen.send(Ready.NONE)
        while True:
            state = gen.send((yield state))
    except StopIteration as end:
        return end.value


def settings(url: str, role: str, statement_s: float) -> dict[str, Any]:
    """How every connection is opened.

    A transaction that does nothing for 10 s is ended: its client hangs and holds locks.

    The address's own options (a search path, what a service of many databases is told) are kept; ours come last and
    win.
    """
    ours = f"-c statement_timeout={int(statement_s * 1000)} -c timezone=UTC -c idle_in_transaction_session_timeout=10000"
    options = f"{options_in(url)} {ours}".strip()
    return {
        "connect_timeout": CONNECT_S,
        "application_name": f"prosepolish-{role}",
        "client_encoding": "utf8",
        "options": options,
        "tcp_user_timeout": 5000,
    }


def answers(connection: DeadlineConnection, until: float, trust_s: float) -> bool:
    """Whether an idle connection is alive.

    One that was used within `trust_s` is believed unless the server has ended it.
    """
    if has_ended(connection):
        return False
    if perf_counter() - connection.since < trust_s:
        return True
    autocommit, connection.until = connection.autocommit, until
    try:
        connection.autocommit = True  # no transaction for this
        connection.execute("SELECT 1")
        connection.autocommit = autocommit
    except psycopg.Error:
        return False
    return True


def has_ended(connection: psycopg.Connection[Any]) -> bool:
    """Nothing comes in on an idle connection unless the server has ended it; looking costs no round trip."""
    if connection.closed:
        return True
    waiting = poll()
    waiting.register(connection.pgconn.socket, POLLIN)
    return bool(waiting.poll(0))


def abandon(connections: Iterable[psycopg.Connection[Any]]) -> None:
    """In a forked child: let go of the parent's connections.

    The server is told nothing, and still notices when the parent dies. Who holds one in the child finds it lost, and
    cannot read an answer that is the parent's.
    """
    for connection in connections:
        _PARENTS.append(connection)
        if not connection.closed:
            nowhere, other = socketpair()
            other.close()
            os.dup2(nowhere.fileno(), connection.pgconn.socket, inheritable=False)
            nowhere.close()


@contextmanager
def connect(url: str, *, role: str) -> Iterator[psycopg.Connection[Any]]:
    """One connection for a migration, in one transaction. Raises StoreUnavailable when it cannot be had."""
    try:
        connection = DeadlineConnection.connect(url, **settings(url, role, MIGRATION_S))
    except Exception as error:  # a host name or a certificate may fail in ways that are not the driver's
        raise store_fault(error, connecting=True) from error
    connection.reply_s = MIGRATION_S
    try:
        with connection:
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_S}s'")
            yield connection
    except psycopg.Error as error:
        raise store_fault(error) from error
