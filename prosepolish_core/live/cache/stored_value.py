"""How a value lies in Redis: a fixed header in plain ASCII, then JSON, compressed and, where wanted, sealed.

    1V j . tttttttttttttttt ddddddddddddd ccccccccccccc fffffffffffff {...}     (without the spaces)

`1` is the schema, `V` a value (`L`: only a lease), `j` the encoding of the body, `.` or `w` whether somebody waits
for the lease, then the lease's token and end, the instants of creation and of going stale, all in milliseconds since
the epoch.
The scripts under `live/cache/lua` rely on these offsets.
"""

import os
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from ...errors import ConfigError
from ...model.keys import MOST_VALUE_BYTES

NONCE = 12
NAME = 4


class SealBroken(Exception):
    """No key of ours opens this."""


class Seal:
    """AES-256-GCM. The first key closes, every key opens; a body names its key by four bytes of the key's hash."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise ConfigError("PROSEPOLISH_ENCRYPTION_KEYS is set, but the extra 'encryption' is not installed") from None
        if not keys or any(len(key) != 32 for key in keys):
            raise ConfigError("PROSEPOLISH_ENCRYPTION_KEYS must be keys of 32 bytes, base64, newest first, separated by commas")
        self._ciphers: dict[bytes, AESGCM] = {_name(key): AESGCM(key) for key in keys}
        self._newest = _name(keys[0])

    @classmethod
    def from_text(cls, keys: str) -> "Seal":
        """Keys as the environment gives them: URL-safe base64, newest first, separated by commas."""
        try:
            return cls([urlsafe_b64decode(part.strip()) for part in keys.split(",") if part.strip()])
        except ValueError as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError("PROSEPOLISH_ENCRYPTION_KEYS must be URL-safe base64") from None

    def close(self, body: bytes, bound_to: bytes) -> bytes:
        """Encrypt, and bind to what must not be exchanged."""
        nonce = os.urandom(NONCE)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, body, bound_to)

    def open(self, body: bytes, bound_to: bytes) -> bytes:
        """Decrypt. Raises SealBroken for anything we did not close for exactly this place."""
        from cryptography.exceptions import InvalidTag

        cipher = self._ciphers.get(body[:NAME])
        if cipher is None or len(body) < NAME + NONCE + 16:
            raise SealBroken
        try:
            return cipher.decrypt(body[NAME : NAME + NONCE], body[NAME + NONCE :], bound_to)
        except InvalidTag:
            raise SealBroken from None


def _name(key: bytes) -> bytes:
    return blake2b(key, digest_size=NAME, person=b"prosepolish-key").digest()


HEADER = 59
NO_LEASE = b"." * 16 + b"0" * 13
COMPRESS_ABOVE = 1024
#: A value too big to be cached is still told to the processes that wait for it, up to this.
MOST_TOLD = 256 * 1024
_ENCODINGS = {ord("j"): (False, False), ord("z"): (True, False), ord("s"): (False, True), ord("x"): (True, True)}
_LETTERS = {pair: chr(letter).encode() for letter, pair in _ENCODINGS.items()}
_VALUE, _LEASE, _PLAIN_VALUE = b"1V", b"1L", b"1Vj"


class Unreadable(Exception):
    """Not a value of ours: foreign, damaged, forged, or of another schema."""


class Stored(NamedTuple):
    """A value read back. Instants are milliseconds since the epoch."""

    value: Any
    created_ms: int
    fresh_until_ms: int
    size_bytes: int


class Encoded(NamedTuple):
    """A value ready to be stored.

    `fits` is False when it is over the size limit, packed: then it is only told to who waits.
    """

    stored: bytes
    fits: bool


def is_lease(stored: bytes) -> bool:
    """Whether this is only a lease: somebody is loading the value."""
    return stored[:2] == _LEASE and len(stored) >= 33


def token_of(stored: bytes) -> str:
    """Whose lease it is."""
    return stored[4:20].decode("ascii", "replace")


def encode(key: str, value: Any, created_ms: int, fresh_until_ms: int, seal: Seal | None = None) -> Encoded:
    """Any JSON value. Raises TypeError for what JSON cannot hold."""
    body = orjson.dumps(value)
    fits = len(body) <= MOST_TOLD
    packed = len(body) > COMPRESS_ABOVE and len(squeezed := zlib.compress(body, 1)) < len(body)
    if packed:
        body = squeezed
    fits = fits and len(body) <= MOST_VALUE_BYTES
    instants = b"%013d%013d" % (created_ms, fresh_until_ms)
    letter = _LETTERS[packed, seal is not None]
    if seal is not None:
        body = seal.close(body, _bound_to(key, letter, instants))
    return Encoded(b"1V%b.%b%b%b" % (letter, NO_LEASE, instants, body), fits)


def decode(key: str, stored: bytes, seal: Seal | None = None) -> Stored:
    """Raises Unreadable. A family that is sealed accepts sealed values only."""
    try:
        if seal is None and stored[:3] == _PLAIN_VALUE:
            return Stored(orjson.loads(stored[HEADER:]), int(stored[33:46]), int(stored[46:59]), len(stored))
        if stored[:2] != _VALUE:
            raise Unreadable
        packed, sealed = _ENCODINGS[stored[2]]
        body = stored[HEADER:]
        if sealed or seal is not None:
            body = _opened(key, stored, body, sealed, seal)
        if packed:
            body = _inflated(body)
        return Stored(orjson.loads(body), int(stored[33:46]), int(stored[46:59]), len(stored))
    except (ValueError, KeyError, IndexError, zlib.error, SealBroken) as error:
        raise Unreadable from error


def _opened(key: str, stored: bytes, body: bytes, sealed: bool, seal: Seal | None) -> bytes:
    if not sealed or seal is None:
        raise Unreadable
    return seal.open(body, _bound_to(key, stored[2:3], stored[33:HEADER]))


def _inflated(body: bytes) -> bytes:
    """At most what may have been stored: a small forged body must not fill the memory."""
    stream = zlib.decompressobj()
    found = stream.decompress(body, MOST_TOLD + 1)
    if not stream.eof:
        raise Unreadable
    return found


def _bound_to(key: str, letter: bytes, instants: bytes) -> bytes:
    """What a sealed body is bound to: swapping, replaying under another key or prolonging it breaks the seal."""
    return b"1V%b%b%b" % (letter, instants, key.encode())
