"""Who may do what on the dashboard: three roles, and the list that gives them to people whom a provider signed in.

Pure: claims in, role out.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Self

from .errors import ConfigError

HOW = (
    "it is a list of role=who, separated by commas; role is viewer, operator or admin, who is an e-mail address, *@host, "
    "group:name, sub:id or *"
)


class AccessRole(StrEnum):
    """What somebody may do; each may also do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Higher may do more."""
        return list(AccessRole).index(self)


class _Grant(NamedTuple):
    role: AccessRole
    kind: str
    who: str

    def fits(self, claims: Mapping[str, Any], groups: frozenset[str]) -> bool:
        if self.kind == "group":
            return self.who in groups
        if self.kind == "sub":
            return claims.get("sub") == self.who
        if self.kind == "anybody":
            return True
        # An address that the provider has not verified is only what somebody typed.
        address = claims.get("email") if claims.get("email_verified") is True else None
        if not isinstance(address, str):
            return False
        name, _, host = address.casefold().rpartition("@")
        return bool(name and host) and self.who in {f"{name}@{host}", f"*@{host}"}


class RoleList(NamedTuple):
    """Who has which role, as PROSEPOLISH_ROLES says it."""

    grants: tuple[_Grant, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Take `role=who, role=who` apart. Raises ConfigError."""
        return cls(tuple(_grant(part) for part in filter(None, map(str.strip, text.split(",")))))

    def role_of(self, claims: Mapping[str, Any], groups_claim: str) -> AccessRole | None:
        """The highest role that fits somebody with these claims; None: none does."""
        groups = _texts(claims.get(groups_claim))
        fitting = (grant.role for grant in self.grants if grant.fits(claims, groups))
        return max(fitting, key=lambda role: role.rank, default=None)


def _grant(part: str) -> _Grant:
    name, _, who = (piece.strip() for piece in part.partition("="))
    if name not in set(AccessRole) or not who:
        raise ConfigError(HOW)
    kind, colon, rest = who.partition(":")
    if who == "*":
        return _Grant(AccessRole(name), "anybody", who)
    if colon and kind in {"group", "sub"} and rest:
        return _Grant(AccessRole(name), kind, rest)
    mailbox, at, host = who.rpartition("@")
    if not (at and mailbox and host) or "*" in host or ("*" in mailbox and mailbox != "*"):
        raise ConfigError(HOW)
    return _Grant(AccessRole(name), "email", who.casefold())


def _texts(claim: Any) -> frozenset[str]:
    """The values of a claim: a list of texts, or one text (which may have blanks and commas in it)."""
    if isinstance(claim, str):
        return frozenset({claim})
    return frozenset(value for value in claim if isinstance(value, str)) if isinstance(claim, list | tuple) else frozenset()
