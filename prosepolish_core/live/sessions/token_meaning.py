"""What a presented token means against the durable row of its log-in. Pure: the row carries the store's clock."""

from datetime import timedelta
from enum import StrEnum
from hmac import compare_digest

from ...model.session import LoginRow, SessionRules
from .token import Parsed


class TokenMeaning(StrEnum):
    """What presenting this token amounts to."""

    CURRENT = "current"  #: the token in force
    RETRY = "retry"  #: the token before it, with the nonce of the rotation whose reply was lost
    ROTATED = "rotated"  #: the token before it, within the grace time: too late, but no theft
    REUSE = "reuse"  #: a rotated token used again
    REFUSED = "refused"  #: ended, expired, of an older generation, or not ours


def meaning(
    row: LoginRow, parsed: Parsed, rules: SessionRules, *, rotating: bool = False, nonce_hash: bytes | None = None
) -> TokenMeaning:
    """Judge one use. A rotated token may be shown again only with its nonce, or (to verify) within the grace time."""
    if not row.is_live(rules):
        return TokenMeaning.REFUSED
    if parsed.login is None or parsed.seq == row.seq:
        return TokenMeaning.CURRENT if compare_digest(parsed.token_hash, row.current_hash) else TokenMeaning.REFUSED
    if parsed.seq > row.seq:
        return TokenMeaning.REFUSED
    late = row.rotated_at is None or row.now - row.rotated_at > timedelta(seconds=rules.grace_s)
    if parsed.seq < row.seq - 1 or late:
        return TokenMeaning.REUSE
    if nonce_hash and row.nonce_hash and compare_digest(nonce_hash, row.nonce_hash):
        return TokenMeaning.RETRY
    return TokenMeaning.REUSE if rotating else TokenMeaning.ROTATED
