"""Every fault of PostgreSQL and its driver as one error of ours: a sentence that says what is wrong and what to do.

A caller gets StoreUnavailable, with the driver's error as its cause. StoreRefused is the part of it that another try
cannot mend: PostgreSQL is well, and does not take this value or this statement.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg

from ..errors import StoreRefused, StoreUnavailable


class PostgresFault(NamedTuple):
    """What is wrong with PostgreSQL, what to do about it, and the same as a machine word for traces."""

    reason: str
    action: str
    word: str = "unavailable"


class TooLate(psycopg.OperationalError):
    """No reply came before our own deadline; the connection is of no more use."""


AWAY = PostgresFault("PostgreSQL does not answer", "check DATABASE_URL and that the server runs")
HUNG_UP = PostgresFault("PostgreSQL ended the connection", "look at its log, and check that the server runs", "connection")
LATE = PostgresFault(
    "PostgreSQL did not answer in time", "look for a lock, a slow statement or a server that is stopped", "timeout"
)
SLOW = PostgresFault("PostgreSQL is too slow", "look for a lock, a slow statement or a busy machine", "too_slow")
LOGIN = PostgresFault("PostgreSQL refuses our login", "check the user and the password in DATABASE_URL", "login_refused")
NO_DATABASE = PostgresFault("PostgreSQL has no such database", "create it, or check the name in DATABASE_URL", "no_database")
NO_NAME = PostgresFault("the host name of PostgreSQL is not known", "check DATABASE_URL and the name service", "no_such_host")
NO_TLS = PostgresFault("PostgreSQL and we cannot agree on TLS", "check sslmode and the certificates in DATABASE_URL", "tls")
STARTING = PostgresFault("PostgreSQL is starting or stopping", "wait until it is ready", "starting")
CROWDED = PostgresFault(
    "PostgreSQL takes no more connections",
    "raise its max_connections, use a pooler, or lower PROSEPOLISH_DATABASE_POOL_SIZE",
    "too_many_connections",
)
NO_SCHEMA = PostgresFault("the schema is missing or old", "run `prosepolish migrate`", "schema_missing")
NO_RIGHTS = PostgresFault("this PostgreSQL user may not use the store", "see `prosepolish export grants`", "no_rights")
READ_ONLY = PostgresFault("PostgreSQL takes no writes", "point DATABASE_URL at the primary, or end its read-only mode", "read_only")
DISK_FULL = PostgresFault("PostgreSQL's disk is full", "make room on it", "disk_full")
NO_MEMORY = PostgresFault("PostgreSQL is out of memory or of another resource", "look at its log and its limits", "no_memory")
DAMAGED = PostgresFault("PostgreSQL cannot read or write its files", "look at its log and its disk", "damaged")
IN_THE_WAY = PostgresFault("another change was in the way", "try again", "conflict")
REFUSED = PostgresFault("PostgreSQL does not take this value or statement", "look at its log", "refused")
UNREADABLE = PostgresFault("DATABASE_URL cannot be read", "write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE", "bad_url")
BUSY = PostgresFault(
    "all our connections to PostgreSQL are in use",
    "look for slow statements, or raise PROSEPOLISH_DATABASE_POOL_SIZE",
    "pool_exhausted",
)
CLOSED = PostgresFault("the connections to PostgreSQL were closed", "open the Core anew", "closed")

#: SQLSTATE read_only_sql_transaction.
TAKES_NO_WRITES = "25006"
#: SQLSTATE, or the class of it: what that means.
BY_STATE = {
    **dict.fromkeys(("42P01", "42883", "42703", "42704", "42P10", "3F000", "3F"), NO_SCHEMA),
    "42501": NO_RIGHTS,
    TAKES_NO_WRITES: READ_ONLY,
    "28": LOGIN,
    "3D": NO_DATABASE,
    "53100": DISK_FULL,
    "53300": CROWDED,
    "53": NO_MEMORY,
    **dict.fromkeys(("57014", "55P03"), SLOW),
    **dict.fromkeys(("57P02", "57P03"), STARTING),
    **dict.fromkeys(("57", "08", "25P03"), HUNG_UP),
    "40": IN_THE_WAY,
    **dict.fromkeys(("58", "XX"), DAMAGED),
}
#: While connecting libpq gives no SQLSTATE, only a text, and the operating system's errors look the same.
BY_TEXT = tuple(
    (re.compile(pattern, re.IGNORECASE), fault)
    for pattern, fault in (
        (r"invalid (port|integer)", UNREADABLE),
        (r"password|authentication|pg_hba|no encryption|not permitted to log in|role .* does not exist", LOGIN),
        (r"database .* does not exist", NO_DATABASE),
        (r"too many (clients|connections)|connection slots|connection limit|no more connections", CROWDED),
        (r"starting up|shutting down|recovery mode|not (yet )?accepting connections", STARTING),
        (r"resolve host|translate host name|name or service not known", NO_NAME),
        (r"\bssl|\btls|certificate", NO_TLS),
    )
)
#: The server's last words on a connection, whose end the client may not have seen yet.
GOOD_BYE = ("08", "57P", "25P03")
#: A prepared statement that the server has forgotten, or whose tables have changed: all is well again on a new
#: connection.
STALE = frozenset({"0A000", "26000", "42P05"})


def store_fault(error: Exception, *, connecting: bool = False) -> StoreUnavailable:
    """The error that a caller of ours gets for an error of the driver."""
    state = getattr(error, "sqlstate", None) or ""
    if connecting:
        return StoreUnavailable(*_while_connecting(error, state))
    if isinstance(error, TooLate):
        return StoreUnavailable(*LATE)
    if known := BY_STATE.get(state) or BY_STATE.get(state[:2]):
        return StoreUnavailable(*known)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailable(*HUNG_UP)
    return StoreUnavailable(*REFUSED) if state in STALE else StoreRefused(*REFUSED)


def _while_connecting(error: Exception, state: str) -> PostgresFault:
    if not isinstance(error, psycopg.OperationalError):
        option = re.search(r'(?:query parameter|connection option)[: ]+"(\w+)"', str(error))
        return PostgresFault(f"DATABASE_URL has an unknown option, {option[1]}", "take it out", "bad_url") if option else UNREADABLE
    known = BY_STATE.get(state) or BY_STATE.get(state[:2])
    return known or next((fault for pattern, fault in BY_TEXT if pattern.search(str(error))), AWAY)


@contextmanager
def store_faults() -> Iterator[None]:
    """Whatever the driver raises inside leaves as an error of ours."""
    try:
        yield
    except psycopg.Error as error:
        raise store_fault(error) from error
