"""Redis keys: every key family with its time to live, its size estimate and its contract,
and the encoding of identifiers.
"""

from dataclasses import dataclass
from string import ascii_letters, digits
from urllib.parse import unquote

from ..errors import InvalidIdentifier
from .outcome import Family

#: Longest identifier, in bytes before encoding.
MOST_BYTES = 256
#: Values that are larger than this when packed are answered, but not cached in Redis.
MOST_VALUE_BYTES = 10 * 1024
_PLAIN = frozenset(ascii_letters + digits + "-_.~@+'!,;=&$()")


@dataclass(frozen=True, slots=True)
class KeyFamily:
    """One row of the key table. `personal` families may be sealed; `sub_key` follows the identifier.

    `grace` is the last part of a value's life, in which it is still answered but refreshed in the background.
    """

    family: Family
    ttl_s: int
    estimate_bytes: int | None
    contract: str
    sub_key: str = ""
    personal: bool = False
    grace: float = 0.1

    def key(self, identifier: str) -> str:
        """The Redis key of one identifier. Raises InvalidIdentifier."""
        return key(self.family, identifier, self.sub_key)

    @property
    def shape(self) -> str:
        """How its keys look, for people."""
        return f"{self.family}:<identifier>{':' + self.sub_key if self.sub_key else ''}"


DICTIONARY = KeyFamily(Family.DICTIONARY, 3600, 500, "a normalised word: its entry, or that there is none")
PROFILE = KeyFamily(Family.PROFILE, 900, 1000, "a user's profile; PostgreSQL is the truth", personal=True)
SESSION = KeyFamily(Family.SESSION, 7 * 86_400, 200, "keyed hash of a token: the session", personal=True)
SESSION_INDEX = KeyFamily(Family.PROFILE, 7 * 86_400, None, "a user's sessions", sub_key="sessions", personal=True)
RATE_LIMIT = KeyFamily(Family.RATE_LIMIT, 900, 50, "a subject's use of its limits; 1 to 15 minutes")
# A finished answer does not go stale, and refreshing it early would pay for it twice.
LLM = KeyFamily(
    Family.LLM, 86_400, 3500, "task and 128-bit digest: the model's finished answer, or shortly its no", personal=True, grace=0.0
)
SETTINGS = KeyFamily(Family.SETTINGS, 3600, 200, "a user's settings; PostgreSQL is the truth", personal=True)

#: Every family. `user` has two rows: the profile itself and, with a sub-key, the index of sessions.
KEYS: tuple[KeyFamily, ...] = (DICTIONARY, PROFILE, SESSION, SESSION_INDEX, RATE_LIMIT, LLM, SETTINGS)


def key(family: Family, *parts: str) -> str:
    """`<prefix>:<part>[:<part>]`, every part encoded; empty parts at the end are left out. Raises InvalidIdentifier."""
    return ":".join([family.value, *(encode(part) for index, part in enumerate(parts) if part or index == 0)])


def encode(identifier: str) -> str:
    """One segment of a key: injective, free of separators, cluster braces and pattern characters.

    Raises InvalidIdentifier.
    """
    if not isinstance(identifier, str):
        raise InvalidIdentifier("an identifier must be text")
    if not identifier:
        raise InvalidIdentifier("an identifier must not be empty")
    if not _PLAIN.issuperset(identifier):
        return _encode_slowly(identifier)
    if len(identifier) > MOST_BYTES:
        raise InvalidIdentifier(f"an identifier has at most {MOST_BYTES} bytes")
    return identifier


def decode(segment: str) -> str:
    """What `encode` was given."""
    return unquote(segment, errors="strict")


def _encode_slowly(identifier: str) -> str:
    try:
        size = len(identifier.encode())
    except UnicodeEncodeError:
        raise InvalidIdentifier("an identifier must be valid Unicode text") from None
    if size > MOST_BYTES:
        raise InvalidIdentifier(f"an identifier has at most {MOST_BYTES} bytes")
    if "\x00" in identifier:  # PostgreSQL cannot keep one
        raise InvalidIdentifier("an identifier must not contain NUL")
    return "".join(c if c in _PLAIN or (c > "\x7f" and c.isalnum()) else _percent(c) for c in identifier)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
