"""Sealed values: authenticated encryption for the families that hold personal text, with a list of keys for rotation."""

import os
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from hashlib import blake2b

from ..errors import ConfigError

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
