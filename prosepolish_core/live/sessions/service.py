"""Sessions: PostgreSQL first, Redis for speed. What was ended is never served again, whatever Redis forgets."""

import secrets
import time
from collections.abc import Callable
from typing import Any

from ...drivers.redis_scripts import RedisScripts, ScriptFault
from ...errors import InvalidIdentifier, SessionOutcomeUnknown, SessionUnavailable, StoreOutcomeUnknown, StoreUnavailable
from ...forks import ForkSafeLock
from ...model.keys import encode
from ...model.session import LONGEST_TOKEN, Device, Ended, LiveSessions, LoginRow, Session, SessionRules, check_nonce, device_label
from .postgres_sessions import End, Judgement, NewLogin, PostgresSessions, Rotate, Victim
from .redis_sessions import SCRIPTS, FastSessions, Found
from .replay import REPLAY_S, Replay
from .shown import device_of, from_record, from_row, member_of
from .token import Parsed, SessionTokens
from .token_meaning import TokenMeaning, meaning

#: Seconds between two clean-ups of what no session can need any more.
PRUNE_S = 3600.0
#: What to do about a change of which nobody knows whether it has happened.
AGAIN = "it may have taken effect: repeat the call"
ROTATE_AGAIN = "it may have taken effect: repeat it with the same nonce (without one, log in again)"
CREATE_AGAIN = "a session whose token nobody has may have begun: create another"
REFUSED = Session(valid=False, reason="refused")
REUSE = Session(valid=False, reason="reuse")


class Sessions:
    """Log-ins of users. Thread-safe.

    `pepper` keys every hash; without one the installation's own is kept in PostgreSQL. `on_event` hears of
    `session_created`, `session_rotated`, `session_ended:<why>`, `session_reuse`, `session_degraded` and
    `session_unconfirmed`.
    """

    def __init__(
        self,
        client: Any,
        store: PostgresSessions,
        *,
        pepper: bytes | None = None,
        rules: SessionRules | None = None,
        deadline_s: float = 0.05,
        replay_s: float = REPLAY_S,
        lanes: int = 16,
        on_event: Callable[..., None] | None = None,
    ) -> None:
        self.rules = rules or SessionRules()
        self._store = store
        self._pepper = pepper
        self._made: SessionTokens | None = None
        self._lock = ForkSafeLock()
        self._scripts = RedisScripts(client, deadline_s=deadline_s, lanes=lanes, on_unknown=self._new_server, siblings=SCRIPTS)
        self._replay_scripts = RedisScripts(client, deadline_s=max(deadline_s, 1.0), lanes=2)
        self._fast = FastSessions(self._scripts, self.rules)
        self._replay = Replay(FastSessions(self._replay_scripts, self.rules), store, every_s=replay_s)
        self._on_event = on_event or (lambda _name, _amount=1: None)
        #: How many log-outs Redis could not be told, and how many of these the replay has told it since. While the two
        #: numbers differ, Redis may still hold an ended session: PostgreSQL is asked instead.
        self._faults = 0
        self._trusted_at = 0
        self._prune_at = 0.0

    # --- the life of a session ---

    def create(self, user_id: str, device: str | None = None) -> Session:
        """Log a user in. The session's `token` is shown this once. Raises InvalidIdentifier or SessionUnavailable.

        `device` is a label for people, a User-Agent for example: 100 printable characters of it are kept.
        """
        encode(user_id)
        named = device_label(device)
        token, parsed = self._tokens.first(user_id)
        return self._create(user_id, named, token, parsed)

    def register(self, user_id: str, token: str, device: str | None = None) -> Session:
        """Log a user in with a JWT the caller issued:
        it can be verified and ended here, and is rotated by its issuer.
        """
        encode(user_id)
        named = device_label(device)
        parsed = self._tokens.read(token)
        if parsed is None or parsed.login is not None:
            raise InvalidIdentifier(f"a registered token is a JWT of 32 to {LONGEST_TOKEN} characters")
        own = parsed._replace(login=secrets.token_bytes(12), tag=self._tokens.tag(user_id))
        return self._create(user_id, named, token, own)

    def verify(self, token: str) -> Session:
        """Who this token stands for: one round trip to Redis, PostgreSQL when Redis cannot tell.

        Never raises for a bad token.

        Raises SessionUnavailable when neither store can tell.
        """
        parsed = self._tokens.read(token)
        if parsed is None:
            return REFUSED
        found, degraded = self._look(parsed)
        if found.record is not None:
            if found.touch:
                self._touch(bytes.fromhex(found.record["f"]))
            return from_record(found.record)
        row = self._durable(lambda: self._store.find(login=parsed.login, token_hash=parsed.token_hash))
        means = meaning(row, parsed, self.rules) if row else TokenMeaning.REFUSED
        if means is TokenMeaning.REUSE:
            return self._judge(parsed, None)
        if row is None:
            return REFUSED
        if means is not TokenMeaning.CURRENT:
            if not degraded:
                self._tell(lambda: self._bury(row, parsed), vital=False)
            return REFUSED
        if (row.now - row.seen_at).total_seconds() >= self.rules.touch_s:
            self._touch(row.login)
        if found.lease:
            self._tell(lambda: self._fast.fill(row, parsed.token_hash, found.lease), vital=False)
        return from_row(row, degraded=degraded)

    def rotate(self, token: str, nonce: str | None = None) -> Session:
        """A new token for an old one.

        Repeating the call with the same nonce within the grace time gives the same successor.

        Any other second use of a rotated token ends everything that came from its log-in (reason `reuse`). Raises
        SessionUnavailable when PostgreSQL cannot be written: then nothing has changed; SessionOutcomeUnknown when only
        its reply was lost: then repeat the call with the same nonce.
        """
        check_nonce(nonce)
        parsed = self._tokens.read(token)
        if parsed is None:
            return REFUSED
        if parsed.login is None:
            raise InvalidIdentifier("a registered token is rotated by its issuer: register the new one, then revoke the old")
        return self._judge(parsed, nonce, rotating=True)

    def revoke(self, token: str) -> Ended:
        """Log out: this session and everything of its log-in.

        Raises SessionUnavailable when it could not be made durable.
        """
        parsed = self._tokens.read(token)
        if parsed is None:
            return Ended(0, True)
        login = parsed.login
        if login is None:
            row = self._durable(lambda: self._store.find(token_hash=parsed.token_hash))
            if row is None:
                return Ended(0, True)
            login = row.login
        return self._end(login, "logout")

    def revoke_device(self, user_id: str, handle: str) -> Ended:
        """Log out one device from the list. A handle of another user is not touched."""
        encode(user_id)
        try:
            login = bytes.fromhex(handle)
        except TypeError:
            raise InvalidIdentifier("a handle is text") from None
        except ValueError:
            return Ended(0, True)
        return self._end(login, "device", only_user=user_id)

    def revoke_all(self, user_id: str) -> Ended:
        """Log out everywhere: one more generation, at once.

        Sessions being created or rotated meanwhile do not survive.
        """
        encode(user_id)
        tag = self._tokens.tag(user_id)

        def bar() -> None:
            self._tell(lambda: self._fast.begin(tag, everywhere=True), vital=False)

        generation, count = self._durable(lambda: self._store.next_generation(user_id, tag, self.rules, bar), AGAIN)
        confirmed = self._tell(lambda: self._fast.end((), [(tag, generation)]))
        if count:
            self._on_event("session_ended:everywhere", count)
        self._tell(lambda: self._fast.index(user_id, clear=True), vital=False)
        return Ended(count, confirmed)

    def devices(self, user_id: str) -> list[Device]:
        """Live sessions of a user, newest first; from Redis (without dates of use) when PostgreSQL is away."""
        encode(user_id)
        try:
            return self._store.devices(user_id, self.rules)
        except StoreUnavailable:
            self._on_event("session_degraded")
        try:
            listed = self._fast.index(user_id)
        except ScriptFault:
            raise SessionUnavailable("neither store of sessions can be reached") from None
        return [device_of(member, expiry) for member, expiry in reversed(listed)]

    def live(self) -> LiveSessions:
        """How many sessions live, and of how many users. Raises SessionUnavailable when PostgreSQL cannot tell."""
        found: LiveSessions = self._durable(lambda: self._store.live(self.rules))
        return found

    def replay(self) -> int:
        """Tell Redis again what is revoked; done by itself every few seconds. Gives the number of changes replayed."""
        return int(self._durable(self._replay_and_trust))

    def close(self) -> None:
        """Stop the background thread and give connections back."""
        self._replay.stop()
        self._scripts.close()
        self._replay_scripts.close()

    # --- inside ---

    @property
    def _tokens(self) -> SessionTokens:
        made = self._made
        if made is None:
            pepper = self._pepper or self._durable(lambda: self._store.pepper(secrets.token_bytes(32)))
            with self._lock:
                made = self._made = self._made or SessionTokens(pepper)
        if not self._replay.started:
            self._replay.start(self._replay_and_trust)
        return made

    def _create(self, user_id: str, device: str, token: str, parsed: Parsed) -> Session:
        new = NewLogin(parsed.login or b"", user_id, parsed.tag, device, parsed.token_hash)
        lease = self._tell(lambda: self._fast.begin(parsed.tag, lease=[parsed.token_hash]), vital=False)

        over: list[Victim] = []

        def bar(victims: list[Victim]) -> None:
            over.extend(victims)
            self._tell(
                lambda: self._fast.begin(parsed.tag, bar=[dead for victim in victims for dead in victim.hashes]), vital=False
            )

        row = self._durable(lambda: self._store.create(new, self.rules, bar), CREATE_AGAIN)
        self._on_event("session_created")
        for victim in over:
            self._on_event("session_ended:cap")
            self._forget(parsed.tag, victim.hashes, user_id, f"{victim.handle} {victim.device}")
        if isinstance(lease, str):
            self._tell(lambda: self._fast.fill(row, parsed.token_hash, lease), vital=False)
        self._list(row)
        return from_row(row, token=token)

    def _judge(self, parsed: Parsed, nonce: str | None, *, rotating: bool = False) -> Session:
        """Judge a use under the row's lock; rotate, answer a retry, or end the log-in."""
        nonce_hash = self._tokens.nonce_hash(nonce) if nonce else None
        salt = secrets.token_bytes(32)
        token, after = self._tokens.following(parsed, salt, nonce or "")
        means, lease = TokenMeaning.REFUSED, ""

        def decide(row: LoginRow) -> Judgement:
            nonlocal means, lease
            means = meaning(row, parsed, self.rules, rotating=rotating, nonce_hash=nonce_hash)
            if means is TokenMeaning.REUSE:
                self._tell(lambda: self._fast.begin(row.tag, bar=row.hashes), vital=False)
                return End("reuse")
            if means is TokenMeaning.CURRENT and rotating:
                barred = self._tell(lambda: self._fast.begin(row.tag, bar=row.hashes, lease=[after.token_hash]), vital=False)
                lease = barred if isinstance(barred, str) else ""
                return Rotate(after.token_hash, salt, nonce_hash)
            return None

        row, judgement = self._durable(lambda: self._store.judge(parsed.login or b"", decide), ROTATE_AGAIN if rotating else "")
        if row is None:
            return REFUSED
        if means is TokenMeaning.REUSE:
            self._on_event("session_reuse")
            self._on_event("session_ended:reuse")
            self._forget(row.tag, row.hashes, row.user_id, member_of(row))
            return REUSE
        if judgement:
            self._on_event("session_rotated")
            self._tell(lambda: self._fast.end([(row.tag, dead) for dead in row.hashes]))
        else:
            self._tell(lambda: self._bury(row, parsed), vital=False)
        if means in {TokenMeaning.REFUSED, TokenMeaning.ROTATED}:
            return REFUSED
        if means is TokenMeaning.RETRY:
            token, _ = self._tokens.following(parsed, row.salt or b"", nonce or "")
        elif lease:
            moved = row._replace(seq=row.seq + 1, current_hash=after.token_hash, previous_hash=row.current_hash, seen_at=row.now)
            self._tell(lambda: self._fast.fill(moved, after.token_hash, lease), vital=False)
        return from_row(row, token=token)

    def _end(self, login: bytes, why: str, only_user: str | None = None) -> Ended:
        def decide(row: LoginRow) -> Judgement:
            if row.ended_at is not None or (only_user is not None and row.user_id != only_user):
                return None
            self._tell(lambda: self._fast.begin(row.tag, bar=row.hashes), vital=False)
            return End(why)

        row, judgement = self._durable(lambda: self._store.judge(login, decide), AGAIN)
        if row is None or (only_user is not None and row.user_id != only_user):
            return Ended(0, True)
        # Ended before by another call, which may not have told Redis yet: this one is not over before Redis knows.
        confirmed = self._forget(row.tag, row.hashes, row.user_id, member_of(row))
        if judgement is not None:
            self._on_event(f"session_ended:{why}")
        return Ended(int(judgement is not None and row.is_live(self.rules)), confirmed)

    def _bury(self, row: LoginRow, parsed: Parsed) -> None:
        """A token that PostgreSQL calls dead is dead in Redis too before anybody is told so.

        The call that ended it may still be on its way to Redis, or have failed to reach it; then Redis would go on
        serving to the next caller what this one was refused.
        """
        raised = [(row.tag, row.user_generation)] if row.user_generation > row.generation else []
        self._fast.end([(row.tag, parsed.token_hash)], raised)

    def _forget(self, tag: str, hashes: list[str], user_id: str, member: str) -> bool:
        """Redis forgets a session that PostgreSQL has ended; False when it could not be told."""
        confirmed: bool = self._tell(lambda: self._fast.end([(tag, dead) for dead in hashes]))
        self._tell(lambda: self._fast.index(user_id, remove=member), vital=False)
        return confirmed

    def _look(self, parsed: Parsed) -> tuple[Found, bool]:
        """What Redis says, and whether it could not be asked."""
        if self._trusted_at >= self._faults:
            try:
                tag = parsed.tag or self._fast.owner(parsed.token_hash)
                return (self._fast.look(tag, parsed.token_hash) if tag else Found()), False
            except ScriptFault:
                pass
        self._on_event("session_degraded")
        return Found(), True

    def _list(self, row: LoginRow) -> None:
        expiry = int(row.expires_at.timestamp() * 1000)
        self._tell(lambda: self._fast.index(row.user_id, add=(member_of(row), expiry)), vital=False)

    def _touch(self, login: bytes) -> None:
        try:
            self._store.touch(login)
        except StoreUnavailable:
            self._on_event("session_degraded")

    def _tell(self, action: Callable[[], Any], *, vital: bool = True) -> Any:
        """Do something in Redis. When a vital call fails, Redis is not believed until the log has been replayed."""
        try:
            given = action()
        except ScriptFault:
            if vital:
                with self._lock:  # two faults counted as one would let a replay that began between them make good both
                    self._faults += 1
                self._replay.hurry()
                self._on_event("session_unconfirmed")
            return False
        return True if given is None else given

    def _durable(self, action: Callable[[], Any], unknown: str = "") -> Any:
        """Ask PostgreSQL. `unknown` is for changes: what to do when only the reply to the commit was lost."""
        try:
            return action()
        except StoreOutcomeUnknown:
            if not unknown:
                raise SessionUnavailable("the durable store of sessions did not answer in time") from None
            self._replay.hurry()  # if it did happen, Redis has not been told
            raise SessionOutcomeUnknown(f"the durable store of sessions did not confirm the change; {unknown}") from None
        except StoreUnavailable as fault:
            self._replay.hurry()  # its thread asks until PostgreSQL is back, so that no caller has to wait to find out
            raise SessionUnavailable(f"the durable store of sessions cannot be used, and nothing was changed: {fault}") from None
        except ScriptFault:
            raise SessionUnavailable("the state server cannot be reached") from None

    def _new_server(self) -> None:
        """The server does not know our scripts: it is new, restarted or another one.

        Tell it first what must stay dead.
        """
        try:
            self._replay.now()
        except (StoreUnavailable, ScriptFault):
            raise ScriptFault("not_replayed", sent=False) from None

    def _replay_and_trust(self) -> int:
        faults = self._faults
        count = self._replay.now()
        self._trusted_at = max(self._trusted_at, faults)
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + PRUNE_S
            self._store.prune(self.rules)
        return count
