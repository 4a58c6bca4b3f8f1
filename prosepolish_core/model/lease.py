"""What is said about leases: asking for one, filling under one, and what its holder tells those who wait."""

from typing import NamedTuple


class Claim(NamedTuple):
    """The reply to asking for a lease: `taken`, or what is stored instead (a value, or somebody else's lease)."""

    taken: bool
    stored: bytes | None = None


class Fill(NamedTuple):
    """One value to store under a lease. Empty `stored` stores nothing: the lease ends and `told` goes to who waits."""

    key: str
    token: str
    stored: bytes
    ttl_ms: int
    told: bytes = b""


class Wake(NamedTuple):
    """What a holder tells those who wait for its lease: the encoded value, or None when its load failed."""

    stored: bytes | None
