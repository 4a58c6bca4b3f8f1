"""The Redis side of sessions: one script each to look, to bar, to fill, to end and to keep the list of devices."""

import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from ...drivers.redis_scripts import RedisScripts, ScriptFault
from ...drivers.redis_wire import Script
from ...model.keys import SESSION_INDEX, encode
from ...model.outcome import Family
from ...model.session import LoginRow, SessionRules

_NAMES = ("look_up_session", "fill_session", "bar_sessions", "end_sessions", "list_devices", "get_key", "mark_replay")
LOOK, FILL, BEGIN, END, INDEX, GET, MARK = SCRIPTS = tuple(Script(__package__, name) for name in _NAMES)
#: A reader that has not filled by then has lost its right to; a bar outlives any durable write (statement deadline 5
#: s).
LEASE_MS = 5_000
BAR_MS = 10_000
#: Keys of one script call at most.
MOST_KEYS = 500
_DAY_MS = 86_400_000


class Found(NamedTuple):
    """What Redis says of a token: a record (and whether its use should be noted),
    or a lease to fill it (or neither).
    """

    record: dict[str, str] | None = None
    touch: bool = False
    lease: str = ""


class FastSessions:
    """Keys and scripts. Every method raises ScriptFault when the server gave no usable answer."""

    def __init__(self, scripts: RedisScripts, rules: SessionRules) -> None:
        self._scripts = scripts
        self._rules = rules
        self._tagged = scripts.is_cluster
        self._keep_ms = str(rules.absolute_s * 1000 + _DAY_MS).encode()

    # --- keys ---

    def session_key(self, tag: str, token_hash: str) -> bytes:
        """`session:<hash>`; in a cluster the user's tag makes the slot, so that it is the generation's."""
        return (f"{Family.SESSION}:{{{tag}}}:{token_hash}" if self._tagged else f"{Family.SESSION}:{token_hash}").encode()

    def generation_key(self, tag: str) -> bytes:
        """Where a user's generation is kept."""
        return (f"{Family.SESSION}:{{{tag}}}:generation" if self._tagged else f"{Family.SESSION}:{encode(tag)}:generation").encode()

    # --- one token ---

    def owner(self, token_hash: str) -> str:
        """The tag of a registered token's user, or nothing: such a token does not carry it."""
        found = self._scripts.run(GET, [self.session_key("", token_hash)], ())[0]
        if not found or found.startswith(b"L"):
            return ""
        return str(orjson.loads(found.split(b" ", 3)[3])["t"])

    def look(self, tag: str, token_hash: str) -> Found:
        """One round trip: the record if it is live, else a lease."""
        lease = secrets.token_hex(8)
        keys = [self.session_key(tag, token_hash), self.generation_key(tag)]
        rules = self._rules
        reply = self._scripts.run(
            LOOK, keys, [lease.encode(), b"%d" % LEASE_MS, b"%d" % (rules.idle_s * 1000), b"%d" % (rules.touch_s * 1000)]
        )
        if reply[0] == 1:
            return Found(orjson.loads(reply[1]), bool(reply[2]))
        return Found(lease=lease if reply[1] else "")

    def begin(self, tag: str, *, bar: Iterable[str] = (), lease: Iterable[str] = (), everywhere: bool = False) -> str:
        """Bar hashes (and, for a log-out everywhere, the generation), lease hashes; gives the lease to fill with."""
        word = secrets.token_hex(8)
        bars = [self.session_key(tag, token_hash) for token_hash in bar]
        generation = [self.generation_key(tag)]
        if everywhere:
            bars += generation
        leases = [self.session_key(tag, token_hash) for token_hash in lease]
        if leases:
            leases += generation
        self._scripts.run(BEGIN, bars + leases, [word.encode(), b"%d" % BAR_MS, b"%d" % len(bars)])
        return word

    def fill(self, row: LoginRow, token_hash: str, lease: str) -> bool:
        """Store what PostgreSQL says, if the lease still stands."""
        now_ms, expires_ms, seen_ms = (int(at.timestamp() * 1000) for at in (row.now, row.expires_at, row.seen_at))
        told = {
            "u": row.user_id,
            "t": row.tag,
            "f": row.login.hex(),
            "d": row.device,
            "c": row.created_at.isoformat(),
            "e": row.expires_at.isoformat(),
        }
        record = b"%d %d %d %b" % (row.generation, expires_ms, seen_ms, orjson.dumps(told))
        lives_ms = min(self._rules.idle_s * 1000, expires_ms - now_ms)
        if lives_ms <= 0:
            return False
        keys = [self.session_key(row.tag, token_hash), self.generation_key(row.tag)]
        generation = b"%d" % row.user_generation
        return bool(self._scripts.run(FILL, keys, [lease.encode(), record, b"%d" % lives_ms, generation, self._keep_ms])[0])

    # --- what has ended ---

    def end(self, dead: Sequence[tuple[str, str]], generations: Sequence[tuple[str, int]] = ()) -> None:
        """Forget (tag, hash) pairs; raise the generations of (tag, generation) pairs."""
        keys = [(tag, self.session_key(tag, token_hash), None) for tag, token_hash in dead]
        keys += [(tag, self.generation_key(tag), generation) for tag, generation in generations]  # type: ignore[misc]
        for group in _groups(keys, by_tag=self._tagged):
            chosen = sorted(group, key=lambda row: row[2] is not None)
            count = sum(row[2] is None for row in chosen)
            numbers = [b"%d" % row[2] for row in chosen if row[2] is not None]
            self._scripts.run(END, [row[1] for row in chosen], [b"%d" % count, self._keep_ms, *numbers])

    # --- the list of devices ---

    def index(
        self, user_id: str, *, add: tuple[str, int] | None = None, remove: str = "", clear: bool = False
    ) -> list[tuple[str, int]]:
        """Change a user's list and read it: (handle and device, expiry in ms), what has expired left out."""
        member, expiry = add or ("", 0)
        args = [member.encode(), b"%d" % expiry, remove.encode(), b"1" if clear else b"0"]
        reply = self._scripts.run(INDEX, [SESSION_INDEX.key(user_id).encode()], args)
        return [(reply[i].decode(), int(float(reply[i + 1]))) for i in range(0, len(reply), 2)]

    # --- the log of revocations ---

    def replayed_to(self) -> int:
        """Up to which change this data set is known to be right; 0 when it does not say."""
        return int(self._scripts.run(GET, [_MARK_KEY], ())[0] or 0)

    def note_replayed(self, place: int) -> None:
        """The log has been replayed up to here."""
        self._scripts.run(MARK, [_MARK_KEY], [b"%d" % place, self._keep_ms])


_MARK_KEY = f"{Family.SESSION}:replayed".encode()
_Row = tuple[str, bytes, int | None]


def _groups(rows: Sequence[_Row], *, by_tag: bool) -> Iterable[list[_Row]]:
    """Calls of bounded size; in a cluster one user's keys each."""
    if by_tag:
        for tag in dict.fromkeys(row[0] for row in rows):
            yield [row for row in rows if row[0] == tag]
    else:
        for i in range(0, len(rows), MOST_KEYS):
            yield list(rows[i : i + MOST_KEYS])


__all__ = ["SCRIPTS", "FastSessions", "Found", "ScriptFault"]
