"""The durable side of sessions in PostgreSQL: families, generations, and the log of everything revoked."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from ...drivers.postgres_pool import Connection, Duplicate, PostgresPool
from ...errors import InvalidIdentifier, StoreRefused
from ...model.session import Change, Device, LiveSessions, LoginRow, SessionRules

#: Revocations and finished log-ins are kept this long beyond the longest session.
KEEP_DAYS = 1
#: Longest transaction under a caller who waits, and longest note of a use, which is not worth waiting for.
WITHIN_S, TOUCH_S = 2.0, 0.3
#: Changes are numbered before they commit. After so long every lower number is there or never will be.
SETTLED_S = 5 * WITHIN_S
_COLUMNS = """f.family, f.user_id, f.tag, f.device, f.generation, f.seq, f.current_hash, f.previous_hash, f.nonce_hash, f.salt,
    f.rotated_at, f.created_at, f.seen_at, f.expires_at, f.ended_at"""
_LIVE = """f.ended_at IS NULL AND f.generation = u.generation AND f.expires_at > clock_timestamp()
    AND f.seen_at > clock_timestamp() - make_interval(secs => %(idle)s)"""


class NewLogin(NamedTuple):
    """A log-in to be written."""

    login: bytes
    user_id: str
    tag: str
    device: str
    token_hash: str


class Victim(NamedTuple):
    """A log-in that the cap ended. `hashes`: the current token's first, see `FamilyRow.hashes`."""

    hashes: list[str]
    handle: str
    device: str


class Rotate(NamedTuple):
    """A judgement: the log-in moves on to a new token."""

    new_hash: str
    salt: bytes
    nonce_hash: bytes | None


class End(NamedTuple):
    """A judgement: the log-in is over."""

    why: str


Judgement = Rotate | End | None


class PostgresSessions:
    """Every method is one transaction. Raises StoreUnavailable (then nothing was written) or StoreOutcomeUnknown."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def pepper(self, fresh: bytes) -> bytes:
        """The installation's own pepper; `fresh` becomes it if there is none."""
        with self._asked(WITHIN_S) as c:
            c.execute("INSERT INTO session_secret VALUES (1, %s) ON CONFLICT DO NOTHING", (fresh,))
            return bytes(_row(c.execute("SELECT pepper FROM session_secret"))[0])

    def create(self, new: NewLogin, rules: SessionRules, before: Callable[[list[Victim]], None]) -> LoginRow:
        """Write a log-in; above the cap the oldest ones end, of which `before` hears before it is final.

        Raises InvalidIdentifier for a token that is kept already.
        """
        try:
            with self._asked(WITHIN_S) as c:
                return _create(c, new, rules, before)
        except StoreRefused as refused:
            if isinstance(refused.__cause__, Duplicate):
                raise InvalidIdentifier("this token is registered already") from None
            raise

    def find(self, *, login: bytes | None = None, token_hash: str | None = None) -> LoginRow | None:
        """A log-in by its id or by the hash of its current token."""
        with self._asked(WITHIN_S) as c:
            found = _select(c, "f.family = %s" if login else "f.current_hash = %s", (login or token_hash,))
            return LoginRow(*found) if found else None

    def judge(self, login: bytes, decide: Callable[[LoginRow], Judgement]) -> tuple[LoginRow | None, Judgement]:
        """Lock a log-in, let `decide` judge it, and write the judgement. Gives the row as it was, and the judgement."""
        with self._asked(WITHIN_S) as c:
            # The user's generation first, then the log-in: the order of `create`, so that the two cannot block each
            # other.
            c.execute(
                """SELECT FROM session_generation WHERE user_id = (SELECT user_id FROM session_family WHERE family = %s)
                FOR SHARE""",
                (login,),
            )
            found = _select(c, "f.family = %s", (login,), lock="FOR UPDATE OF f")
            if not found:
                return None, None
            row = LoginRow(*found)
            judgement = decide(row)
            if isinstance(judgement, Rotate):
                c.execute(
                    """UPDATE session_family SET seq = seq + 1, previous_hash = current_hash, current_hash = %s,
                    salt = %s, nonce_hash = %s, rotated_at = clock_timestamp(), seen_at = clock_timestamp() WHERE family = %s""",
                    (*judgement, login),
                )
            elif isinstance(judgement, End):
                c.execute(
                    "UPDATE session_family SET ended_at = clock_timestamp(), ended_why = %s WHERE family = %s",
                    (judgement.why, login),
                )
            if judgement:
                _log_dead(c, row.tag, row.current_hash)
            return row, judgement

    def next_generation(
        self, user_id: str, tag: str, rules: SessionRules, before: Callable[[], None] = lambda: None
    ) -> tuple[int, int]:
        """Log a user out everywhere. Gives the new generation and how many live sessions that ended.

        `before` runs when the write is certain to be possible, but before it is final.
        """
        with self._asked(WITHIN_S) as c:
            generation = _row(
                c.execute(
                    """INSERT INTO session_generation (user_id, generation) VALUES (%s, 2)
                    ON CONFLICT (user_id) DO UPDATE SET generation = session_generation.generation + 1 RETURNING generation""",
                    (user_id,),
                )
            )[0]
            count = _row(
                c.execute(
                    f"""SELECT count(*) FROM session_family f
                    JOIN (SELECT %(user)s::text AS user_id, %(old)s::bigint AS generation) u USING (user_id) WHERE {_LIVE}""",
                    {"user": user_id, "old": generation - 1, "idle": rules.idle_s},
                )
            )[0]
            c.execute("INSERT INTO session_change (tag, generation) VALUES (%s, %s)", (tag, generation))
            before()
            return generation, count

    def devices(self, user_id: str, rules: SessionRules) -> list[Device]:
        """Live log-ins of a user, newest first."""
        with self._asked(WITHIN_S) as c:
            rows = c.execute(
                f"""SELECT f.family, f.device, f.created_at, f.seen_at, f.expires_at
                FROM session_family f JOIN session_generation u USING (user_id)
                WHERE f.user_id = %(user)s AND {_LIVE} ORDER BY f.created_at DESC, f.family""",
                {"user": user_id, "idle": rules.idle_s},
            ).fetchall()
        return [Device(bytes(login).hex(), *rest) for login, *rest in rows]

    def live(self, rules: SessionRules) -> LiveSessions:
        """How many log-ins live, and of how many users."""
        with self._asked(WITHIN_S) as c:
            counted = c.execute(
                f"""SELECT count(*), count(DISTINCT f.user_id)
                FROM session_family f JOIN session_generation u USING (user_id) WHERE {_LIVE}""",
                {"idle": rules.idle_s},
            )
            return LiveSessions(*_row(counted))

    def touch(self, login: bytes) -> None:
        """Note that a session is in use."""
        with self._asked(TOUCH_S) as c:
            c.execute("UPDATE session_family SET seen_at = clock_timestamp() WHERE family = %s", (login,))

    def changes(self, after: int, most: int) -> list[Change]:
        """Revocations after this place in the log, in order."""
        with self._asked(WITHIN_S) as c:
            rows = c.execute(
                """SELECT seq, tag, dead_hash, generation, at < clock_timestamp() - make_interval(secs => %s)
                FROM session_change WHERE seq > %s ORDER BY seq LIMIT %s""",
                (SETTLED_S, after, most),
            ).fetchall()
        return [Change(*row) for row in rows]

    def prune(self, rules: SessionRules) -> int:
        """Forget what no session can need any more. Gives the number of rows."""
        old = {"days": KEEP_DAYS, "life": rules.absolute_s}
        with self._asked() as c:
            gone = c.execute("DELETE FROM session_family WHERE expires_at < now() - make_interval(days => %(days)s)", old).rowcount
            gone += c.execute(
                "DELETE FROM session_change WHERE at < now() - make_interval(days => %(days)s, secs => %(life)s)", old
            ).rowcount
        return gone

    def _asked(self, within_s: float = float("inf")) -> AbstractContextManager[Connection]:
        return self._pool.connection(within_s=within_s)


def _create(c: Connection, new: NewLogin, rules: SessionRules, before: Callable[[list[Victim]], None]) -> LoginRow:
    c.execute(
        """INSERT INTO session_generation (user_id) VALUES (%s)
        ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id""",
        (new.user_id,),
    )
    victims = c.execute(
        f"""UPDATE session_family SET ended_at = clock_timestamp(), ended_why = 'cap' WHERE family IN (
            SELECT f.family FROM session_family f JOIN session_generation u USING (user_id)
            WHERE f.user_id = %(user)s AND {_LIVE} ORDER BY f.created_at DESC, f.family OFFSET %(keep)s FOR UPDATE OF f)
        RETURNING array_remove(ARRAY[current_hash, previous_hash], NULL), encode(family, 'hex'), device""",
        {"user": new.user_id, "keep": rules.cap - 1, "idle": rules.idle_s},
    ).fetchall()
    for hashes, _, _ in victims:
        _log_dead(c, new.tag, hashes[0])
    c.execute(
        """INSERT INTO session_family (family, user_id, tag, device, current_hash, generation, expires_at)
        SELECT %s, %s, %s, %s, %s, generation, clock_timestamp() + make_interval(secs => %s)
        FROM session_generation WHERE user_id = %s""",
        (*new, rules.absolute_s, new.user_id),
    )
    row = _login(c, "f.family = %s", (new.login,))
    if victims:
        before([Victim(*victim) for victim in victims])
    return row


def _select(c: Connection, where: str, values: Sequence[object], lock: str = "") -> tuple[Any, ...] | None:
    query = f"""SELECT {_COLUMNS}, u.generation, clock_timestamp()
        FROM session_family f JOIN session_generation u USING (user_id) WHERE {where} {lock}"""
    return c.execute(query, values).fetchone()


def _login(c: Connection, where: str, values: Sequence[object]) -> LoginRow:
    found = _select(c, where, values)
    assert found is not None  # noqa: S101 - the row is ours: written or locked in this transaction
    return LoginRow(*found)


def _log_dead(c: Connection, tag: str, token_hash: str) -> None:
    c.execute("INSERT INTO session_change (tag, dead_hash) VALUES (%s, %s)", (tag, token_hash))


def _row(cursor: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = cursor.fetchone()
    return found
