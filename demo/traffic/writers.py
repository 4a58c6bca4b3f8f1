"""The people who write: a few of them often, most of them now and then; each logged in or not."""

import random
import threading

from .zipf import Zipf

PEOPLE = 240
DEVICES = ("Firefox on Linux", "Safari on iPhone", "Chrome on Windows", "Edge on Windows", "Word add-in", "Chrome on Android")


class Writers:
    """User ids on a natural curve, and the session tokens they hold. Thread-safe where it is shared."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ids = Zipf([f"writer-{number:03}" for number in range(1, PEOPLE + 1)], exponent=0.8)
        self._seen: set[str] = set()
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def draw(self) -> str:
        """Who acts next."""
        return self._ids.draw(self._random)

    def is_new(self, user: str) -> bool:
        """Whether this is the first time that it is asked about this user."""
        new = user not in self._seen
        self._seen.add(user)
        return new

    def device(self) -> str:
        """What they sit at."""
        return self._random.choice(DEVICES)

    def logged_in(self, user: str, token: str) -> None:
        """Remember the token of a new session."""
        with self._lock:
            self._tokens[user] = token

    def token(self, user: str) -> str | None:
        """The token of a logged-in user."""
        with self._lock:
            return self._tokens.get(user)

    def logged_out(self, user: str) -> None:
        """Forget the token."""
        with self._lock:
            self._tokens.pop(user, None)
