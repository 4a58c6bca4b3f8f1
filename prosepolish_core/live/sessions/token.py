"""Tokens: 256 random bits that carry, sealed, which log-in they belong to. No I/O; nothing here is ever logged."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest, digest
from typing import NamedTuple

from ...model.session import LONGEST_TOKEN

PREFIX = "v1."
_FAMILY, _TAG, _SEQ, _SECRET, _SEAL = 12, 8, 4, 32, 12
_BODY = _FAMILY + _TAG + _SEQ + _SECRET


class Parsed(NamedTuple):
    """What a presented token claims. `login` is None for a token somebody else issued (a registered JWT)."""

    token_hash: str
    login: bytes | None = None
    tag: str = ""
    seq: int = 0
    raw: bytes = b""

    def __repr__(self) -> str:
        """Without the token: values like this one turn up in tracebacks that show variables."""
        return f"Parsed({self.token_hash})"


class SessionTokens:
    """Makes and reads tokens with one pepper. A token we did not make is told apart without asking any server."""

    def __init__(self, pepper: bytes) -> None:
        self._seal_key, self._hash_key, self._tag_key, self._next_key = (
            digest(pepper, b"prosepolish session " + use, "sha256") for use in (b"seal", b"hash", b"tag", b"next")
        )

    def tag(self, user_id: str) -> str:
        """A short keyed name of a user, for keys: says nothing about the id."""
        return digest(self._tag_key, user_id.encode(), "sha256")[:_TAG].hex()

    def first(self, user_id: str) -> tuple[str, Parsed]:
        """A new token of a new log-in."""
        return self._made(secrets.token_bytes(_FAMILY), self.tag(user_id), 0, secrets.token_bytes(_SECRET))

    def following(self, parsed: Parsed, salt: bytes, nonce: str) -> tuple[str, Parsed]:
        """The successor: fresh by its 256-bit salt, and the same again for the same token, salt and nonce."""
        secret = digest(self._next_key, sha256(parsed.raw).digest() + salt + nonce.encode(), "sha256")
        return self._made(parsed.login or b"", parsed.tag, parsed.seq + 1, secret)

    def read(self, token: object) -> Parsed | None:
        """What the token claims; None when it cannot be one. Its seal is compared in constant time."""
        if not isinstance(token, str) or not len(PREFIX) < len(token) <= LONGEST_TOKEN or not token.isascii():
            return None
        if not token.startswith(PREFIX):
            return Parsed(self._hash(token.encode())) if token.count(".") == 2 and len(token) >= 32 else None
        try:
            raw = urlsafe_b64decode(token[len(PREFIX) :] + "=" * (-(len(token) - len(PREFIX)) % 4))
        except ValueError:
            return None
        if len(raw) != _BODY + _SEAL or PREFIX + urlsafe_b64encode(raw).decode().rstrip("=") != token:
            return None
        if not compare_digest(digest(self._seal_key, raw[:_BODY], "sha256")[:_SEAL], raw[_BODY:]):
            return None
        seq = int.from_bytes(raw[_FAMILY + _TAG : _FAMILY + _TAG + _SEQ])
        return Parsed(self._hash(raw), raw[:_FAMILY], raw[_FAMILY : _FAMILY + _TAG].hex(), seq, raw)

    def nonce_hash(self, nonce: str) -> bytes:
        """What is kept of a rotation's nonce."""
        return digest(self._next_key, b"nonce" + nonce.encode(), "sha256")

    def _made(self, login: bytes, tag: str, seq: int, secret: bytes) -> tuple[str, Parsed]:
        body = login + bytes.fromhex(tag) + seq.to_bytes(_SEQ) + secret
        raw = body + digest(self._seal_key, body, "sha256")[:_SEAL]
        token = PREFIX + urlsafe_b64encode(raw).decode().rstrip("=")
        return token, Parsed(self._hash(raw), login, tag, seq, raw)

    def _hash(self, raw: bytes) -> str:
        return digest(self._hash_key, raw, "sha256")[:16].hex()
