"""Sessions as values: what a caller holds, what the stores keep, and the rules they live by."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from ..errors import ConfigError, InvalidIdentifier

LONGEST_DEVICE = 100
LONGEST_TOKEN = 4096
LONGEST_NONCE = 128
_TOKEN = re.compile(r"[A-Za-z0-9_.=-]{30,}")


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long sessions live and how many a user may have.

    `grace_s`: how long a lost rotation may be asked for again.
    """

    absolute_s: int = 7 * 86_400
    idle_s: int = 3 * 86_400
    grace_s: int = 30
    cap: int = 20

    def __post_init__(self) -> None:
        if not (60 <= self.idle_s <= self.absolute_s <= 366 * 86_400 and 0 <= self.grace_s <= 300 and 1 <= self.cap <= 1000):
            raise ConfigError(
                "sessions need 60 s ≤ idle limit ≤ absolute limit ≤ 366 days, a grace time up to 300 s and a cap of 1 to 1000"
            )

    @property
    def touch_s(self) -> float:
        """How often the use of a session is written to PostgreSQL:
        the idle limit is exact to this, on the early side.
        """
        return self.idle_s / 10


@dataclass(frozen=True, slots=True)
class Session:
    """The answer about one session. True when it is valid.

    `token` is set only by `create` and `rotate`, and never shown by repr. `handle` names the session on pages. `reason`
    of an invalid one is `refused` (unknown, ended and expired look the same) or `reuse` (a rotated token was used
    again, and everything that came from its log-in has been ended). `degraded`: PostgreSQL answered instead of Redis.
    """

    valid: bool
    reason: str = ""
    token: str | None = field(default=None, repr=False)
    user_id: str = ""
    handle: str = ""
    device: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    degraded: bool = False

    def __bool__(self) -> bool:
        return self.valid


class Device(NamedTuple):
    """One live session of a user, as the list of devices shows it. Redis alone does not know the first two instants."""

    handle: str
    device: str
    created_at: datetime | None
    seen_at: datetime | None
    expires_at: datetime


class Ended(NamedTuple):
    """What a log-out did: how many live sessions it ended.

    `confirmed` is False when it is durable but Redis could not be told; other processes then learn of it within
    seconds.
    """

    sessions: int
    confirmed: bool


class LiveSessions(NamedTuple):
    """How many sessions live, and of how many users."""

    sessions: int
    users: int


class LoginRow(NamedTuple):
    """One log-in and everything rotated from it, as PostgreSQL keeps it,
    with the user's generation and the store's clock.
    """

    login: bytes
    user_id: str
    tag: str
    device: str
    generation: int
    seq: int
    current_hash: str
    previous_hash: str | None
    nonce_hash: bytes | None
    salt: bytes | None
    rotated_at: datetime | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    user_generation: int
    now: datetime

    @property
    def hashes(self) -> list[str]:
        """The tokens of it that Redis may hold: the current one, and the one before it, whose rotation may not be over.

        Older ones cannot be there. Each rotation tells Redis that the token before its own is dead, after that death
        was final; from then on no reader that could bring it back holds a lease, whatever Redis loses.
        """
        return [self.current_hash, self.previous_hash] if self.previous_hash else [self.current_hash]

    def is_live(self, rules: SessionRules) -> bool:
        """Whether it may still be used: not ended, of the user's generation, within both limits."""
        return (
            self.ended_at is None
            and self.generation == self.user_generation
            and self.now < self.expires_at
            and self.now - self.seen_at < timedelta(seconds=rules.idle_s)
        )


class Change(NamedTuple):
    """One revocation, in the order of the log: a token that is dead, or a user's new generation.

    `settled`: so old that nothing with a lower number can still be on its way.
    """

    seq: int
    tag: str
    dead_hash: str | None
    generation: int | None
    settled: bool


def check_nonce(nonce: object) -> None:
    """Raises InvalidIdentifier for what cannot be the nonce of a rotation."""
    if nonce is not None and not (isinstance(nonce, str) and 1 <= len(nonce) <= LONGEST_NONCE and nonce.isascii()):
        raise InvalidIdentifier(f"a nonce has 1 to {LONGEST_NONCE} ASCII characters")


def device_label(device: object) -> str:
    """A label for people: no log-in is refused for what a browser calls itself.

    The rest is cut, what cannot be printed is a blank, and what is long enough to be a token is left out.
    """
    if device is None:
        return ""
    if not isinstance(device, str):
        raise InvalidIdentifier("a device is named by a text")
    shown = _TOKEN.sub("…", "".join(c if c.isprintable() else " " for c in device[:LONGEST_TOKEN]))
    return shown.strip()[:LONGEST_DEVICE]
